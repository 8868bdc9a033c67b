import type { Bundle } from '../src/model/bundle.ts';
import type { PromptWriter } from './prompts.ts';
import type { Random } from './random.ts';
import { shuffled } from './random.ts';
import type { Table } from './report/table.ts';
import type { Samples } from './samples.ts';
import type { Service } from './service.ts';
import type { BenchPrompt, System } from './system.ts';

/** One measurement of the benchmark with its tables, on what its half provides. */
export interface Workload<C = Context> {
  readonly id: string;
  readonly title: string;
  /** Prompts that every service holds before the workload runs. */
  readonly prompts?: readonly BenchPrompt[];
  run(context: C): Promise<void>;
  /** What `run` found; tables of figures that were not measured are left out. */
  tables(samples: Samples): readonly Table[];
}

/** What a workload runs on. */
export interface Context {
  /** The service at each precision. */
  readonly services: readonly Service[];
  /** Other systems that hold the same weights. */
  readonly peers: readonly System[];
  readonly samples: Samples;
  readonly random: Random;
  readonly rounds: number;
  readonly writer: PromptWriter;
  /** A further service on a database of its own; the caller closes it. */
  startService(bundle: Bundle, name: string, database: string): Promise<Service>;
  log(message: string): void;
}

/**
 * Measures every item once a round, in an order drawn anew for each round: no item always comes after the same
 * other one, and all of a round lie close together in time.
 */
export async function interleave<T>(
  { random, rounds, log }: Pick<Context, 'random' | 'rounds' | 'log'>,
  items: readonly T[],
  measure: (item: T) => Promise<void>,
  most = rounds,
): Promise<void> {
  const count = Math.min(rounds, most);
  for (let round = 1; round <= count; round++) {
    log(`round ${round} of ${count}`);
    for (const item of shuffled(random, items)) await measure(item);
  }
}

/** Every pair of the two lists. */
export function pairs<A, B>(first: readonly A[], second: readonly B[]): (readonly [A, B])[] {
  return first.flatMap((a) => second.map((b) => [a, b] as const));
}

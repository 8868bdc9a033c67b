import { integerBelow, type Random } from '../../bench/random.ts';
import { type Input, type Outcome, signature, type Target } from './target.ts';

/** Something that must not happen. */
export interface Fault {
  readonly what: 'crash' | 'slow' | 'wrongly accepted';
  readonly detail: string;
  readonly input: Input;
}

export interface FuzzResult {
  readonly mutants: number;
  readonly accepted: number;
  /** Refusal codes and shapes that were reached. */
  readonly signatures: readonly string[];
  /** Inputs that reached one that the corpus does not. */
  readonly news: readonly Input[];
  /** Milliseconds of the slowest input. */
  readonly slowestMs: number;
  readonly faults: readonly Fault[];
}

export interface FuzzPlan {
  readonly corpus: readonly Input[];
  readonly random: Random;
  /** Called before each mutant with how many there were. */
  readonly goesOn: (mutants: number) => boolean;
}

export const SLOW_MS = 100;
/** What takes this long without stacks of its errors may take as long as is too slow with them. */
const SUSPECT_MS = SLOW_MS / 4;
/** A pause of the machine or the collector does not come so many times in a row. */
const REPEATS = 3;
/** How often another change follows. */
const ONE_MORE = 0.4;
/** Children of larger inputs would all be slow. */
const LARGEST_PARENT = 16 * 1024;
const MOST_FAULTS = 20;
/** Of the stack of a crash. */
const CRASH_FRAMES = 20;
/** Of the stacks that a service makes: what Node does unless told otherwise. */
const SERVICE_FRAMES = 10;

/** Runs the corpus, then mutants of it and of those that reached something new. Ends early after many faults. */
export async function fuzz(target: Target, { corpus, random, goesOn }: FuzzPlan): Promise<FuzzResult> {
  const pool: Input[] = [];
  const seen = new Set<string>();
  const news: Input[] = [];
  const faults: Fault[] = [];
  let [mutants, accepted, slowestMs] = [0, 0, 0];

  const run = async (input: Input): Promise<boolean> => {
    const started = performance.now();
    const running = attempt(target, input);
    const outcome = running instanceof Promise ? await running : running;
    let ms = performance.now() - started;
    if (ms > SUSPECT_MS) ms = await asInService(target, input);
    slowestMs = Math.max(slowestMs, ms);
    if (ms > SLOW_MS) faults.push({ what: 'slow', detail: `${ms.toFixed(0)} ms`, input });
    if (outcome instanceof Crash) {
      faults.push({ what: 'crash', detail: await withStack(target, input, outcome), input });
      return false;
    }
    if (outcome.kind === 'accepted') accepted++;
    if (outcome.kind === 'accepted' && outcome.fault !== null) {
      faults.push({ what: 'wrongly accepted', detail: outcome.fault, input });
    }
    const name = signature(outcome);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  };

  for (const input of [...target.seeds, ...corpus]) {
    await run(input);
    pool.push(input);
  }
  for (; goesOn(mutants) && faults.length < MOST_FAULTS; mutants++) {
    const input = mutant(target, pool[integerBelow(random, pool.length)]!, random);
    if (!(await run(input))) continue;
    if (input.bytes.length > LARGEST_PARENT) continue;
    pool.push(input);
    news.push(input);
  }
  return { mutants, accepted, signatures: [...seen].sort(), news, slowestMs, faults };
}

function mutant(target: Target, parent: Input, random: Random): Input {
  let input = parent;
  do input = { context: parent.context, bytes: target.mutate(input, random) };
  while (random() < ONE_MORE);
  return input;
}

class Crash {
  readonly detail: string;

  constructor(error: unknown) {
    this.detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

function attempt(target: Target, input: Input): Outcome | Crash | Promise<Outcome | Crash> {
  try {
    const outcome = target.run(input);
    return outcome instanceof Promise ? outcome.catch((error: unknown) => new Crash(error)) : outcome;
  } catch (error) {
    return new Crash(error);
  }
}

/**
 * What a crash says, with its stack: while mutants run, none are recorded. Stacks of refusals, of which there are
 * millions, cost as much as reading the mutants.
 */
async function withStack(target: Target, input: Input, first: Crash): Promise<string> {
  const again = await withFrames(CRASH_FRAMES, () => attempt(target, input));
  return again instanceof Crash ? again.detail : first.detail;
}

/** Milliseconds of processor time with the stacks of a service: the least of some attempts, the first that is not too slow. */
async function asInService(target: Target, input: Input): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS && least > SLOW_MS; i++) {
    const before = process.cpuUsage();
    await withFrames(SERVICE_FRAMES, () => attempt(target, input));
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

async function withFrames<T>(frames: number, run: () => T | Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = frames;
  try {
    return await run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

import fc from 'fast-check';
import type { Exchange } from '../responses.ts';
import { judge } from './judge.ts';
import { type GeneratedRequest, requestOf, type World } from './requests.ts';

export type Answer = Omit<Exchange, 'method' | 'url'>;

export interface CampaignOptions {
  readonly world: World;
  readonly seed: number;
  readonly count: number;
  /** Requests at the same time. */
  readonly concurrency: number;
  readonly send: (request: GeneratedRequest) => Promise<Answer>;
  readonly onProgress?: (done: number) => void;
}

/** What was answered. */
export interface Tally {
  /** Answers by operation id and status; of other methods than the operation's under `other methods`. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** How often each way to break the contract was seen. */
  readonly faults: ReadonlyMap<string, number>;
}

/** Requests are generated in small batches, so that they name what was created shortly before. */
const BATCH = 100;

/** Sends generated requests to all operations and judges the answers. The seed decides the requests. */
export async function campaign(options: CampaignOptions): Promise<Tally> {
  const { world, seed, count, concurrency, send, onProgress } = options;
  const requests = requestOf(world);
  const answers = new Map<string, Map<number, number>>();
  const faults = new Map<string, number>();
  let done = 0;

  async function ask(request: GeneratedRequest): Promise<void> {
    const answer = await send(request);
    const { operation, method } = request;
    const statuses = entry(answers, method === operation.method ? operation.operationId : 'other methods');
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    for (const fault of judge(request, answer)) faults.set(fault, (faults.get(fault) ?? 0) + 1);
    onProgress?.(++done);
  }

  const next = generated(requests, seed, count);
  // Each worker takes the next request when its own is answered.
  const worker = async () => {
    for (const request of next) await ask(request);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { answers, faults };
}

function* generated<T>(values: fc.Arbitrary<T>, seed: number, count: number): Generator<T> {
  for (let from = 0; from < count; from += BATCH) {
    yield* fc.sample(values, { seed: seed + from, numRuns: Math.min(BATCH, count - from) });
  }
}

function entry(answers: Map<string, Map<number, number>>, id: string): Map<number, number> {
  const found = answers.get(id) ?? new Map<number, number>();
  answers.set(id, found);
  return found;
}

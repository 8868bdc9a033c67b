import type { EndedInference } from './inference-metrics.ts';

/** What one version has answered since the start of the process. */
export interface VersionStats {
  readonly requests: number;
  /** Of those: refused after they were checked, or failed. Clients that left are no errors. */
  readonly errors: number;
  readonly outputTokens: number;
  /** Of requests that were answered in full. */
  readonly seconds: number;
  readonly answered: number;
}

const NOTHING: VersionStats = { requests: 0, errors: 0, outputTokens: 0, seconds: 0, answered: 0 };

/** Versions that are kept; the one that was asked longest ago goes first. */
const MOST = 10_000;

/** Counts by version, bounded. A request to an ensemble counts for each of its members. */
export class VersionCounts {
  readonly #stats = new Map<string, VersionStats>();

  /** @param servedBy `task@version`, `task@1+2`, or the base model's id */
  add(
    servedBy: string,
    { outcome, usage, seconds }: Pick<EndedInference, 'outcome' | 'usage' | 'seconds'>,
  ): void {
    const at = servedBy.lastIndexOf('@');
    if (at < 0) return;
    const task = servedBy.slice(0, at);
    const isAnswered = outcome === 'ok';
    for (const version of servedBy.slice(at + 1).split('+')) {
      const key = `${task}@${version}`;
      const before = this.#stats.get(key) ?? NOTHING;
      this.#stats.delete(key);
      this.#stats.set(key, {
        requests: before.requests + 1,
        errors: before.errors + (outcome === 'error' ? 1 : 0),
        outputTokens: before.outputTokens + (usage?.completionTokens ?? 0),
        seconds: before.seconds + (isAnswered ? seconds : 0),
        answered: before.answered + (isAnswered ? 1 : 0),
      });
    }
    while (this.#stats.size > MOST) this.#stats.delete(this.#stats.keys().next().value!);
  }

  of(task: string, version: number): VersionStats {
    return this.#stats.get(`${task}@${version}`) ?? NOTHING;
  }
}

import { DomainError } from '../domain/errors.ts';
import type { ShadowCounts } from '../domain/inference.ts';

/** Sequences that shadows have in the engine at the same time, over all tasks: the queue is for clients. */
const MOST_SEQUENCES = 32;

/** Pairs of what answered and its shadow whose counts are kept; the one that was compared longest ago goes first. */
const MOST_KEPT = 1000;

const NOTHING: ShadowCounts = { same: 0, different: 0, failed: 0, skipped: 0 };

/** What answered, and the shadow behind it. */
export interface ShadowPair {
  /** `task@version`, or `task@1+2` of an ensemble. */
  readonly servedBy: string;
  /** `task@version`. */
  readonly shadow: string;
}

export interface Comparison extends ShadowPair {
  /** What the client got: the label of each input, or the text of each choice. */
  readonly answer: readonly string[];
  /** Of them those that can only be asked together: the choices of a prompt. */
  readonly together: number;
  /** What the shadow says of the first `count`, in the same form. */
  ask(count: number): Promise<readonly string[]>;
}

/** Asks shadows, and counts how often they say what the client got. Counts are of inputs and choices. */
export class Shadows {
  readonly #isReady: () => boolean;
  readonly #counts = new Map<string, ShadowCounts>();
  #running = 0;

  /** @param isReady the service takes new work */
  constructor(isReady: () => boolean) {
    this.#isReady = isReady;
  }

  /** As much as there is room for; the rest is skipped. */
  compare(comparison: Comparison): void {
    const { answer, together } = comparison;
    const room = this.#isReady() ? Math.min(answer.length, MOST_SEQUENCES - this.#running) : 0;
    const count = room - (room % together);
    this.#count(comparison, 'skipped', answer.length - count);
    if (count > 0) void this.#run(comparison, count);
  }

  /** Since the start of the process; all 0 when it was never asked. */
  counts(pair: ShadowPair): ShadowCounts {
    return this.#counts.get(keyOf(pair)) ?? NOTHING;
  }

  async #run(comparison: Comparison, count: number): Promise<void> {
    const { answer } = comparison;
    this.#running += count;
    try {
      const said = await comparison.ask(count);
      const same = said.filter((text, i) => text === answer[i]).length;
      this.#count(comparison, 'same', same);
      this.#count(comparison, 'different', said.length - same);
    } catch (error) {
      // A busy server has better to do.
      const isBusy = error instanceof DomainError && ['contended', 'unavailable'].includes(error.kind);
      this.#count(comparison, isBusy ? 'skipped' : 'failed', count);
    } finally {
      this.#running -= count;
    }
  }

  #count(pair: ShadowPair, outcome: keyof ShadowCounts, count: number): void {
    if (count === 0) return;
    const key = keyOf(pair);
    const before = this.counts(pair);
    this.#counts.delete(key);
    this.#counts.set(key, { ...before, [outcome]: before[outcome] + count });
    if (this.#counts.size > MOST_KEPT) this.#counts.delete(this.#counts.keys().next().value!);
  }
}

const keyOf = ({ servedBy, shadow }: ShadowPair): string => `${servedBy} ${shadow}`;

/** Of several pairs together. */
export const sumOfCounts = (all: readonly ShadowCounts[]): ShadowCounts =>
  all.reduce(
    (sum, one) => ({
      same: sum.same + one.same,
      different: sum.different + one.different,
      failed: sum.failed + one.failed,
      skipped: sum.skipped + one.skipped,
    }),
    NOTHING,
  );

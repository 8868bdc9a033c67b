import { DomainError } from '../domain/errors.ts';
import type { ShadowCounts } from '../domain/inference.ts';

/** Shadows that are asked at the same time; what comes meanwhile is not compared. */
const MOST_RUNNING = 4;

/** Shadows whose counts are kept; the one that was asked longest ago goes first. */
const MOST_KEPT = 1000;

/** Asks shadows after the client has its answer, and counts how often both say the same. */
export class Shadows {
  readonly #counts = new Map<string, ShadowCounts>();
  #running = 0;

  /**
   * @param shadow `task@version`
   * @param answer what the client got
   * @param ask what the shadow says, in the same form
   */
  compare(shadow: string, answer: readonly string[], ask: () => Promise<readonly string[]>): void {
    if (this.#running >= MOST_RUNNING) this.#count(shadow, 'skipped');
    else void this.#run(shadow, answer, ask);
  }

  /** Since the start of the process; all 0 when it was never asked. */
  counts(shadow: string): ShadowCounts {
    return this.#counts.get(shadow) ?? { same: 0, different: 0, failed: 0, skipped: 0 };
  }

  async #run(
    shadow: string,
    answer: readonly string[],
    ask: () => Promise<readonly string[]>,
  ): Promise<void> {
    this.#running++;
    try {
      const said = await ask();
      said.forEach((text, i) => {
        this.#count(shadow, text === answer[i] ? 'same' : 'different');
      });
    } catch (error) {
      // A busy server has better to do.
      const isBusy = error instanceof DomainError && ['contended', 'unavailable'].includes(error.kind);
      this.#count(shadow, isBusy ? 'skipped' : 'failed');
    } finally {
      this.#running--;
    }
  }

  #count(shadow: string, outcome: keyof ShadowCounts): void {
    const before = this.counts(shadow);
    this.#counts.delete(shadow);
    this.#counts.set(shadow, { ...before, [outcome]: before[outcome] + 1 });
    if (this.#counts.size > MOST_KEPT) this.#counts.delete(this.#counts.keys().next().value!);
  }
}

import { setImmediate } from 'node:timers/promises';
import type { DataRow } from '../training/dataset/rows.ts';

/** Rows that are counted before other requests get their turn. */
const ROWS_A_TURN = 1000;

/**
 * Multinomial naive Bayes with Laplace smoothing (Manning, Raghavan and Schütze 2008, section 13.2): the log of a label's
 * part of the rows, plus for each word of the text ln (n(word, label) + 1) / (n(label) + words known). What a bag of
 * words already tells, without any language model. Words that no row has count nowhere.
 */
export class NaiveBayes {
  /** ln p(label) */
  readonly #priors: Float64Array;
  /** Words of each label's rows. */
  readonly #totals: Float64Array;
  /** How often each label's rows have a word. */
  readonly #counts: ReadonlyMap<string, Float64Array>;

  private constructor(priors: Float64Array, totals: Float64Array, counts: ReadonlyMap<string, Float64Array>) {
    this.#priors = priors;
    this.#totals = totals;
    this.#counts = counts;
  }

  /** @param labels each of which at least one row has */
  static async learn(rows: readonly DataRow[], labels: readonly string[]): Promise<NaiveBayes> {
    const indexOf = new Map(labels.map((label, i) => [label, i]));
    const documents = new Float64Array(labels.length);
    const totals = new Float64Array(labels.length);
    const counts = new Map<string, Float64Array>();
    for (const [i, { input, target }] of rows.entries()) {
      if (i % ROWS_A_TURN === 0) await setImmediate();
      const label = indexOf.get(target)!;
      documents[label]! += 1;
      for (const word of wordsOf(input)) {
        let count = counts.get(word);
        if (count === undefined) {
          count = new Float64Array(labels.length);
          counts.set(word, count);
        }
        count[label]! += 1;
        totals[label]! += 1;
      }
    }
    return new NaiveBayes(
      documents.map((count) => Math.log(count / rows.length)),
      totals,
      counts,
    );
  }

  /** ln p(label, text) for each label, but for the order of the words. */
  logJoint(text: string): readonly number[] {
    const sums = [...this.#priors];
    for (const word of wordsOf(text)) {
      const count = this.#counts.get(word);
      if (count === undefined) continue;
      for (let label = 0; label < sums.length; label++) {
        sums[label]! += Math.log((count[label]! + 1) / (this.#totals[label]! + this.#counts.size));
      }
    }
    return sums;
  }
}

/** Runs of letters and digits in lower case. */
const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

import { setImmediate } from 'node:timers/promises';
import type { Usage } from '../domain/inference.ts';
import type { DataRow } from '../training/dataset/rows.ts';
import type { RankedRow } from './classification.ts';
import { crossEntropy } from './metrics/cross-entropy.ts';
import type { NaiveBayes } from './naive-bayes.ts';
import type { Ask } from './run-rows.ts';

const NO_TOKENS: Usage = { promptTokens: 0, virtualTokens: 0, completionTokens: 0 };

/** Ranks the labels by their words alone. The loss is that of the label's probability among the labels. */
export function askForWords(classifier: NaiveBayes, labels: readonly string[]): Ask<RankedRow> {
  const indexOf = new Map(labels.map((label, i) => [label, i]));
  return async (rows: readonly DataRow[]) => {
    // Nothing here waits for the engine: other requests get their turn between two pieces.
    await setImmediate();
    const values = rows.map(({ input, target }) => {
      const truth = indexOf.get(target)!;
      const joint = classifier.logJoint(input);
      const loss = crossEntropy(joint, truth);
      return { truth, chosen: joint.indexOf(Math.max(...joint)), loss, crossEntropy: loss };
    });
    return { values, usage: NO_TOKENS };
  };
}

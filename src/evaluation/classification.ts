import type { ClassificationScores } from '../domain/evaluation.ts';
import type { Classification, Inference } from '../domain/inference.ts';
import type { Principal } from '../domain/principal.ts';
import type { DataRow } from '../training/dataset/rows.ts';
import type { Contender } from './contenders.ts';
import { accuracy } from './metrics/accuracy.ts';
import { classScores } from './metrics/class-scores.ts';
import { confusionMatrix } from './metrics/confusion-matrix.ts';
import { crossEntropy } from './metrics/cross-entropy.ts';
import { macroF1 } from './metrics/macro-f1.ts';
import { mean } from './metrics/mean.ts';
import type { Ask } from './run-rows.ts';

/** What the ranking of the labels said about one row. */
export interface RankedRow {
  /** Index of the true label. */
  readonly truth: number;
  readonly chosen: number;
  /** -log p(true label | input), in nats. */
  readonly loss: number;
  /** -log of the true label's probability among the labels, in nats. */
  readonly crossEntropy: number;
}

/** Ranks the labels by their log-likelihood, as batch work. */
export function askForLabels(
  inference: Pick<Inference, 'classify'>,
  { target, versions: named, modelText }: Contender,
  { labels, caller }: { readonly labels: readonly string[]; readonly caller: Principal },
  signal: AbortSignal,
): Ask<RankedRow> {
  const versions = named.length === 0 ? null : named;
  const indexOf = new Map(labels.map((label, i) => [label, i]));
  return async (rows: readonly DataRow[]) => {
    const inputs = rows.map(({ input }) => modelText(input));
    const request = { task: target, versions, inputs, labels, tier: 'flex' as const, caller };
    const { results, usage } = await inference.classify(request, signal);
    const values = results.map((result, i) => {
      const { label, logliks } = result;
      const truth = indexOf.get(rows[i]!.target)!;
      return {
        truth,
        chosen: indexOf.get(label)!,
        loss: -logliks[truth]!,
        crossEntropy: crossEntropyOf(result, truth, rows[i]!.target),
      };
    });
    return { values, usage };
  };
}

/** Of an ensemble by the mean of its members' probabilities: its likelihoods have another softmax. */
function crossEntropyOf(
  { logliks, probabilities, vote }: Classification,
  truth: number,
  label: string,
): number {
  if (vote === null) return crossEntropy(logliks, truth);
  return -Math.log(Math.max(probabilities[label]!, Number.MIN_VALUE));
}

export function scoreRanking(
  rows: readonly RankedRow[],
  labels: readonly string[],
): { readonly loss: number; readonly scores: ClassificationScores } {
  const matrix = confusionMatrix(
    rows.map(({ truth }) => truth),
    rows.map(({ chosen }) => chosen),
    labels.length,
  );
  const classes = classScores(matrix, labels);
  return {
    loss: mean(rows.map(({ loss }) => loss)),
    scores: {
      accuracy: accuracy(matrix),
      macroF1: macroF1(classes),
      crossEntropy: mean(rows.map((row) => row.crossEntropy)),
      classes,
      confusionMatrix: matrix,
    },
  };
}

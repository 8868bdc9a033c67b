import {
  gatherElements,
  logSoftmax,
  matMul,
  mul,
  neg,
  type Result,
  reduceSum,
  reshape,
  shapeOf,
  type Value,
} from '../graph/index.ts';
import type { Objective } from './training.ts';

/** The inputs of the loss; shapes as in TRAINING_IO. */
export interface LossInputs {
  readonly targetIds: Value;
  readonly tokenWeights: Value;
  readonly lossWeights: Value;
}

/** Loss [] and log-likelihoods [examples, choices] from the logits [positions, vocab] at the label positions. */
export function lossOf(
  logits: Value,
  { targetIds, tokenWeights, lossWeights }: LossInputs,
  objective: Objective,
): { readonly loss: Result; readonly logLikelihoods: Result } {
  const picked = gatherElements(logSoftmax(logits, -1), targetIds, -1);
  const summed = matMul(tokenWeights, reshape(picked, [-1, 1]));
  const logLikelihoods = reshape(summed, shapeOf(lossWeights, 0, 2));
  const scores = objective === 'choices' ? logSoftmax(logLikelihoods, -1) : logLikelihoods;
  return { loss: neg(reduceSum(mul(scores, lossWeights), [0, 1], false)), logLikelihoods };
}

import { type Static, type TObject, Type } from 'typebox';
import type { ReachedScores } from '../../domain/evaluation.ts';
import { component } from '../openapi/component.ts';
import { IntervalSchema, intervalFields } from './significance.ts';

const Count = Type.Integer({ minimum: 0 });
const Part = Type.Number({ minimum: 0, maximum: 1 });

/** What was reached on some rows: fields of a larger object. */
export const SCORES = {
  n: Type.Integer({ description: 'Rows that the scores are over.' }),
  too_long: Type.Object(
    {
      count: Count,
      rows: Type.Array(Type.Object({ row: Type.Integer(), line: Type.Integer() }, component('RowPlace'))),
    },
    {
      description: 'Rows that do not fit into the context, and the first of them. They count in no score.',
      ...component('SkippedRows'),
    },
  ),
  loss: Type.Number({ description: 'Mean over rows of -log p(label or completion | input), in nats.' }),
  seconds: Type.Number(),
  accuracy: Type.Optional(Part),
  macro_f1: Type.Optional(Type.Number({ description: 'Mean F1 of the labels that occur.' })),
  cross_entropy: Type.Optional(
    Type.Number({ description: 'Mean of -log softmax over the labels at the true one, in nats.' }),
  ),
  classes: Type.Optional(
    Type.Array(
      Type.Object(
        {
          label: Type.String(),
          precision: Part,
          recall: Part,
          f1: Part,
          support: Type.Integer({ description: 'Rows with this label.' }),
          predicted: Type.Integer({ description: 'Rows for which it was chosen.' }),
        },
        component('LabelScores'),
      ),
    ),
  ),
  confusion_matrix: Type.Optional(
    Type.Array(Type.Array(Count), { description: '[true label][chosen label], in the order of `labels`.' }),
  ),
  exact_match: Type.Optional(Part),
  token_f1: Type.Optional(Part),
  loss_per_token: Type.Optional(
    Type.Number({ description: 'Negative log-likelihood a token of the completions, in nats.' }),
  ),
  interval: IntervalSchema,
  token_f1_interval: Type.Optional(IntervalSchema),
};

export function scoresBody(reached: ReachedScores): Static<TObject<typeof SCORES>> {
  const { n, tooLong, loss, seconds, scores, intervals } = reached;
  const common = {
    n,
    too_long: { ...tooLong, rows: [...tooLong.rows] },
    loss,
    seconds,
    ...intervalFields(intervals),
  };
  if ('exactMatch' in scores) {
    const { exactMatch, tokenF1, lossPerToken } = scores;
    return { ...common, exact_match: exactMatch, token_f1: tokenF1, loss_per_token: lossPerToken };
  }
  return {
    ...common,
    accuracy: scores.accuracy,
    macro_f1: scores.macroF1,
    cross_entropy: scores.crossEntropy,
    classes: [...scores.classes],
    confusion_matrix: scores.confusionMatrix.map((row) => [...row]),
  };
}

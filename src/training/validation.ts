import type { Batch } from './batch.ts';
import { type BatchLayout, packBatches } from './batch.ts';
import { evaluationBatches } from './batches.ts';
import { type Example, packedLength } from './example.ts';
import type { Evaluated } from './model.ts';
import { DIRECT, type Parameterisation } from './parameterisation.ts';

/** How good a prompt is on the validation set. */
export interface Score {
  /** With choices: the mean cross-entropy over each example's choices. Else: the mean over all label tokens. */
  readonly loss: number;
  /** Part of the examples whose right continuation is the likeliest; null where there is nothing to choose from. */
  readonly accuracy: number | null;
}

/** More right answers first, then a smaller loss. A NaN is never better. */
export function isBetter(score: Score, than: Score): boolean {
  const difference = (score.accuracy ?? 0) - (than.accuracy ?? 0);
  return difference === 0 ? score.loss < than.loss : difference > 0 && !Number.isNaN(score.loss);
}

/** What evaluates a prompt on a batch. */
export interface Evaluator {
  run(prompt: Float32Array, batch: Batch): Promise<Evaluated>;
}

/** Scores prompts on a fixed set of examples, which is packed once. */
export class Validation {
  private readonly model: Evaluator;
  private readonly batches: readonly Batch[];
  private readonly hasChoices: boolean;
  private readonly parameterisation: Parameterisation;

  constructor(
    model: Evaluator,
    examples: readonly Example[],
    layout: BatchLayout,
    batchSize: number,
    parameterisation = DIRECT,
  ) {
    this.model = model;
    this.parameterisation = parameterisation;
    this.hasChoices = examples.some(({ continuations }) => continuations.length > 1);
    this.batches = evaluationBatches(examples.map(packedLength), batchSize).flatMap((rows) =>
      packBatches(
        rows.map((row) => examples[row]!),
        layout,
      ),
    );
  }

  /** @param parameters of the prompt or prompts; the mean is over the examples of all tasks */
  async score(parameters: Float32Array): Promise<Score> {
    let [loss, right, weight] = [0, 0, 0];
    for (const batch of this.batches) {
      const { logLikelihoods } = await this.model.run(
        this.parameterisation.promptOf(parameters, batch.task),
        batch,
      );
      for (const [row, { target, continuations }] of batch.examples.entries()) {
        const choices = continuations.length;
        const scores = logLikelihoods.subarray(row * choices, (row + 1) * choices);
        if (scores.indexOf(Math.max(...scores)) === target) right++;
        loss += choices > 1 ? crossEntropy(scores, target) : -scores[0]!;
        weight += choices > 1 ? 1 : continuations[0]!.length;
      }
    }
    return { loss: loss / weight, accuracy: this.hasChoices ? right / weight : null };
  }
}

/** -log softmax(scores)[target], in float64. */
function crossEntropy(scores: Float32Array, target: number): number {
  const highest = Math.max(...scores);
  const sum = scores.reduce((total, score) => total + Math.exp(score - highest), 0);
  return Math.log(sum) + highest - scores[target]!;
}

import { type Batch, type BatchLayout, packBatches } from './batch.ts';
import { epochBatches } from './batches.ts';
import { type Example, packedLength } from './example.ts';
import type { Differentiated } from './model.ts';
import { capRows, clipNorm, norm, rootMeanSquare } from './optimisers/norms.ts';
import type { Optimiser } from './optimisers/optimiser.ts';
import { scheduleFactor } from './optimisers/schedule.ts';
import { DIRECT, type Parameterisation } from './parameterisation.ts';
import { createOptimiser, type TrainingSettings } from './settings.ts';
import { initialState, type TrainingState } from './state.ts';
import { isBetter, type Score } from './validation.ts';

/** What gives the loss and its gradient. */
export interface Differentiator {
  run(prompt: Float32Array, batch: Batch): Promise<Differentiated>;
}

export interface TrainerParts {
  readonly model: Differentiator;
  readonly examples: readonly Example[];
  readonly settings: TrainingSettings;
  readonly layout: BatchLayout;
  /** Numbers of one row of the prompt. */
  readonly rowWidth: number;
  /** Absent: the parameters are the prompt. */
  readonly parameterisation?: Parameterisation;
}

/** One update, as it is reported. */
export interface StepReport {
  /** Updates made, this one included. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Root mean square of the parameters after the update. */
  readonly promptRms: number;
  /** Tokens that passed through the layers, padding included. */
  readonly tokens: number;
  readonly milliseconds: number;
}

/** A loss, gradient or prompt that is no finite number. The state is that before the update. */
export class Diverged extends Error {
  override readonly name = 'Diverged';
  /** The update that failed, counted from 1. */
  readonly step: number;

  constructor(step: number, what: string) {
    super(`The ${what} of step ${step} is not finite. A smaller learning rate may help.`);
    this.step = step;
  }
}

/** Gradient descent on the parameters of a prompt, or of those of several tasks. Every state that it passes through is a value that can be stored and resumed. */
export class Trainer {
  private readonly parts: TrainerParts;
  private readonly optimiser: Optimiser;
  private readonly lengths: readonly number[];
  private epoch: { readonly number: number; readonly batches: readonly (readonly number[])[] } | null = null;
  private current: TrainingState;

  private constructor(parts: TrainerParts, optimiser: Optimiser, state: TrainingState) {
    this.parts = parts;
    this.optimiser = optimiser;
    this.lengths = parts.examples.map(packedLength);
    this.current = state;
  }

  /** @param parameters the first prompt, [virtual tokens, row width], or what makes the prompts */
  static start(parts: TrainerParts, parameters: Float32Array): Trainer {
    const optimiser = createOptimiser(parts.settings.optimiser);
    return new Trainer(parts, optimiser, initialState(parameters, optimiser.init(parameters.length)));
  }

  /** Goes on from a state of a run with the same parts; the rest of the run is the same, bit for bit. */
  static resume(parts: TrainerParts, state: TrainingState): Trainer {
    return new Trainer(parts, createOptimiser(parts.settings.optimiser), state);
  }

  get state(): TrainingState {
    return this.current;
  }

  get settings(): TrainingSettings {
    return this.parts.settings;
  }

  /** The parameters to keep: the best on the validation set, else the latest. */
  get result(): Float32Array {
    return this.current.best?.parameters ?? this.current.parameters;
  }

  /** Makes one update. Rejects with {@link Diverged} and leaves the state as it was. */
  async step(): Promise<StepReport> {
    const started = performance.now();
    const { step, parameters, slots } = this.current;
    const { settings, rowWidth } = this.parts;
    const { batches, epoch } = this.batchOf(step);
    const { loss, gradient } = await this.differentiate(batches);
    if (!Number.isFinite(loss)) throw new Diverged(step + 1, 'loss');
    const gradientNorm = norm(gradient);
    if (!Number.isFinite(gradientNorm)) throw new Diverged(step + 1, 'gradient');
    const learningRate = settings.learningRate * scheduleFactor(settings, step);
    const updated = this.optimiser.update({
      parameters,
      gradient: clipNorm(gradient, settings.maxGradientNorm),
      slots,
      step,
      learningRate,
    });
    const next = capRows(updated.parameters, rowWidth, settings.maxRowNorm);
    const promptRms = rootMeanSquare(next);
    if (!Number.isFinite(promptRms)) throw new Diverged(step + 1, 'prompt');
    this.current = { ...this.current, step: step + 1, parameters: next, slots: updated.slots };
    return {
      step: step + 1,
      epoch,
      loss,
      learningRate,
      gradientNorm,
      promptRms,
      tokens: batches.reduce((sum, { tokens }) => sum + tokens, 0),
      milliseconds: performance.now() - started,
    };
  }

  /** Whether the present prompt has to be validated before the next step. */
  get validationDue(): boolean {
    const { step, validatedAt } = this.current;
    const { validationSteps, totalSteps } = this.parts.settings;
    return step > 0 && validatedAt !== step && (step % validationSteps === 0 || step === totalSteps);
  }

  /** Takes the score of the present prompt; returns whether it is the best so far. */
  record(score: Score): boolean {
    const { step, parameters, best, stale } = this.current;
    const improved = Number.isFinite(score.loss) && (best === null || isBetter(score, best.score));
    this.current = {
      ...this.current,
      validatedAt: step,
      best: improved ? { step, score, parameters } : best,
      stale: improved ? 0 : stale + 1,
    };
    return improved;
  }

  /** Validations did not improve for as long as the settings allow. */
  get exhausted(): boolean {
    const { patience } = this.parts.settings;
    return patience !== null && this.current.stale >= patience;
  }

  /** The sums over the batches of one update. */
  private async differentiate(batches: readonly Batch[]): Promise<Pick<Differentiated, 'loss' | 'gradient'>> {
    const { parameters } = this.current;
    const { model, parameterisation = DIRECT } = this.parts;
    const gradient = new Float32Array(parameters.length);
    let loss = 0;
    for (const batch of batches) {
      const part = await model.run(parameterisation.promptOf(parameters, batch.task), batch);
      loss += part.loss;
      parameterisation.addGradient(parameters, batch.task, part.gradient, gradient);
    }
    return { loss, gradient };
  }

  /** The rows of one update, in as many batches as memory asks for. */
  private batchOf(step: number): { readonly batches: readonly Batch[]; readonly epoch: number } {
    const { examples, settings, layout } = this.parts;
    const perEpoch = batchesPerEpoch(examples.length, settings.batchSize);
    const number = Math.floor(step / perEpoch);
    if (this.epoch?.number !== number) {
      this.epoch = { number, batches: epochBatches(this.lengths, settings, number) };
    }
    const rows = this.epoch.batches[step % perEpoch]!;
    return {
      epoch: number,
      batches: packBatches(
        rows.map((row) => examples[row]!),
        layout,
      ),
    };
  }
}

export const batchesPerEpoch = (examples: number, batchSize: number): number =>
  Math.ceil(examples / batchSize);

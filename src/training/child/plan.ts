import { promptForm } from '../../domain/prompt.ts';
import type { Hyperparameters, JobSpec } from '../../domain/training.ts';
import type { DatasetKind } from '../dataset/rows.ts';
import { defaultLearningRate, type OptimiserSettings, type TrainingSettings } from '../settings.ts';
import { batchesPerEpoch } from '../trainer.ts';

/** Updates of a job that says nothing: enough for a small task, minutes on two cores. Each row is seen at least once. */
const AUTO_STEPS = 400;
const AUTO_EPOCHS = 30;
const AUTO_BATCH = 16;
const AUTO_PATIENCE = 4;
/** A part of this size is held out from training files that can spare it. */
const AUTO_SPLIT = 0.1;
const LEAST_ROWS_TO_SPLIT = 40;
const MOST_HELD_OUT = 500;

/** A run's settings, and how often it reports and stores its state. */
export interface RunSettings {
  readonly training: TrainingSettings;
  readonly epochs: number;
  readonly saveSteps: number;
  readonly loggingSteps: number;
}

/** @param embeddingRms root mean square of the elements of the embedding table */
export function runSettings(
  { hyperparameters: given, seed, config }: Pick<JobSpec, 'hyperparameters' | 'seed' | 'config'>,
  data: { readonly kind: DatasetKind; readonly rows: number; readonly embeddingRms: number },
): RunSettings {
  const batchSize = or(given.batch_size, AUTO_BATCH);
  const perEpoch = batchesPerEpoch(data.rows, batchSize);
  const byEpochs =
    given.n_epochs === 'auto'
      ? Math.max(perEpoch, Math.min(AUTO_EPOCHS * perEpoch, AUTO_STEPS))
      : perEpoch * given.n_epochs;
  const totalSteps = or(given.max_steps, byEpochs);
  const optimiser = optimiserOf(given);
  const form = promptForm(config.peft_type);
  const rate = or(given.learning_rate, defaultLearningRate(optimiser.name, form, data.embeddingRms));
  const patience = or(given.early_stopping_patience, AUTO_PATIENCE);
  return {
    epochs: Math.ceil(totalSteps / perEpoch),
    saveSteps: or(given.save_steps, Math.max(1, Math.ceil(totalSteps / 20))),
    loggingSteps: or(given.logging_steps, Math.max(1, Math.ceil(totalSteps / 1000))),
    training: {
      objective: or(given.objective, data.kind === 'classification' ? 'choices' : 'tokens'),
      optimiser,
      learningRate: rate * or(given.learning_rate_multiplier, 1),
      decay: or(given.lr_scheduler_type, 'linear'),
      warmupSteps: or(given.warmup_steps, Math.ceil(totalSteps * 0.05)),
      totalSteps,
      batchSize,
      seed,
      maxGradientNorm: or(given.max_grad_norm, 1),
      maxRowNorm: given.max_row_norm === 'auto' ? null : given.max_row_norm,
      validationSteps: or(given.eval_steps, Math.max(1, Math.ceil(totalSteps / 10))),
      patience: patience === 0 ? null : patience,
    },
  };
}

/** Rows to hold out of `rows` when there is no validation file. */
export function heldOutRows({ validation_split: split }: Hyperparameters, rows: number): number {
  if (split === 'auto') {
    return rows < LEAST_ROWS_TO_SPLIT ? 0 : Math.min(MOST_HELD_OUT, Math.floor(rows * AUTO_SPLIT));
  }
  return Math.min(rows - 1, Math.floor(rows * split));
}

function optimiserOf({ optim, weight_decay: weightDecay }: Hyperparameters): OptimiserSettings {
  const decay = weightDecay === 'auto' ? {} : { weightDecay };
  return { name: or(optim, 'adamw'), ...decay };
}

const or = <T>(value: T | 'auto', fallback: T): T => (value === 'auto' ? fallback : value);

/** The values in the names of the API, for the job's answer. */
export function describeSettings({ training, epochs, saveSteps, loggingSteps }: RunSettings) {
  return {
    n_epochs: epochs,
    max_steps: training.totalSteps,
    batch_size: training.batchSize,
    learning_rate: training.learningRate,
    optim: training.optimiser.name,
    lr_scheduler_type: training.decay,
    warmup_steps: training.warmupSteps,
    max_grad_norm: training.maxGradientNorm,
    max_row_norm: training.maxRowNorm,
    objective: training.objective,
    eval_steps: training.validationSteps,
    save_steps: saveSteps,
    logging_steps: loggingSteps,
    early_stopping_patience: training.patience ?? 0,
  };
}

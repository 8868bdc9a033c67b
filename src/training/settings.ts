import type { Objective, PromptForm } from '../families/training.ts';
import { type AdafactorOptions, adafactor } from './optimisers/adafactor.ts';
import { type AdamWOptions, adamW } from './optimisers/adamw.ts';
import type { Optimiser } from './optimisers/optimiser.ts';
import type { Decay } from './optimisers/schedule.ts';
import { type SgdOptions, sgd } from './optimisers/sgd.ts';

export type OptimiserSettings =
  | ({ readonly name: 'adamw' } & Partial<AdamWOptions>)
  | ({ readonly name: 'adafactor' } & Partial<AdafactorOptions>)
  | ({ readonly name: 'sgd' } & Partial<SgdOptions>);

/** Everything that, with the data and the first prompt, decides a run. */
export interface TrainingSettings {
  readonly objective: Objective;
  readonly optimiser: OptimiserSettings;
  /** The highest rate of the schedule. */
  readonly learningRate: number;
  readonly decay: Decay;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Longest gradient; null: no limit. */
  readonly maxGradientNorm: number | null;
  /** Longest row of the prompt; null: no limit. */
  readonly maxRowNorm: number | null;
  /** Steps between validations. The last step is always validated. */
  readonly validationSteps: number;
  /** Validations without improvement after which the run stops; null: never. */
  readonly patience: number | null;
}

export function createOptimiser(settings: OptimiserSettings): Optimiser {
  switch (settings.name) {
    case 'adamw':
      return adamW(settings);
    case 'adafactor':
      return adafactor(settings);
    case 'sgd':
      return sgd(settings);
  }
}

/**
 * Learning rates for an embedding table whose elements have a root mean square of 1. The paper's 0.3 belongs to T5,
 * whose embeddings are large; a rate that moves a row by a fixed part of its size fits every table.
 */
const RATE_PER_RMS = { adamw: 0.05, adafactor: 0.05, sgd: 1 } as const;

/**
 * Learning rates for keys and values. With adamw, on a model of 135M parameters whose keys and values have a root mean
 * square of 1.4, the loss after 36 updates was 0.26 at 0.003, 0.08 at 0.01 and 0.12 at 0.03; the others keep the
 * proportions of above.
 */
const RATE_OF_KEYS_VALUES = { adamw: 0.01, adafactor: 0.01, sgd: 0.2 } as const;

/** @param embeddingRms root mean square of the elements of the embedding table */
export const defaultLearningRate = (
  optimiser: OptimiserSettings['name'],
  form: PromptForm,
  embeddingRms: number,
): number => (form === 'rows' ? RATE_PER_RMS[optimiser] * embeddingRms : RATE_OF_KEYS_VALUES[optimiser]);

import type { BatchLayout } from '../../src/training/batch.ts';
import type { Example } from '../../src/training/example.ts';
import type { TrainingSettings } from '../../src/training/settings.ts';
import type { Differentiator, TrainerParts } from '../../src/training/trainer.ts';

export const LAYOUT: BatchLayout = {
  promptLength: 2,
  contextLength: 64,
  slidingWindow: null,
  startTokenId: null,
  objective: 'choices',
  form: 'rows',
};

export const SETTINGS: TrainingSettings = {
  objective: 'choices',
  optimiser: { name: 'adamw' },
  learningRate: 0.05,
  decay: 'cosine',
  warmupSteps: 2,
  totalSteps: 12,
  batchSize: 3,
  seed: 5,
  maxGradientNorm: 1,
  maxRowNorm: null,
  validationSteps: 4,
  patience: null,
};

/** Rows of 1 to 6 tokens with two labels. */
export const EXAMPLES: readonly Example[] = Array.from({ length: 8 }, (_, row) => ({
  inputIds: Array.from({ length: 1 + (row % 6) }, (_, i) => (row * 7 + i * 3) % 40),
  continuations: [[1], [2, 3]],
  target: row % 2,
}));

/** A loss without a model: the squared distance to a point that depends on the batch, so that the order counts. */
export const quadratic: Differentiator = {
  async run(prompt, { examples }) {
    const aim = examples.reduce((sum, { inputIds }) => sum + inputIds[0]!, 0) / 40;
    const gradient = prompt.map((p, i) => p - aim * Math.sin(i));
    return {
      loss: gradient.reduce((sum, g) => sum + g * g, 0) / 2,
      gradient,
      logLikelihoods: new Float32Array(examples.length * 2),
    };
  },
};

export const toyParts = (overrides: Partial<TrainerParts> = {}): TrainerParts => ({
  model: quadratic,
  examples: EXAMPLES,
  settings: SETTINGS,
  layout: LAYOUT,
  rowWidth: 4,
  ...overrides,
});

export const START = Float32Array.from({ length: 8 }, (_, i) => Math.cos(i));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hyperparameters } from '../../src/domain/training.ts';
import { runSettings } from '../../src/training/child/plan.ts';

const AUTO = {
  n_epochs: 'auto',
  batch_size: 'auto',
  learning_rate: 'auto',
  learning_rate_multiplier: 'auto',
  max_steps: 'auto',
  optim: 'auto',
  lr_scheduler_type: 'auto',
  warmup_steps: 'auto',
  weight_decay: 'auto',
  max_grad_norm: 'auto',
  max_row_norm: 'auto',
  objective: 'auto',
  eval_steps: 'auto',
  save_steps: 'auto',
  logging_steps: 'auto',
  early_stopping_patience: 'auto',
  validation_split: 'auto',
  activate: 'auto',
  init_from: null,
} as const satisfies Hyperparameters;

function planned(rows: number, given: Partial<Hyperparameters> = {}) {
  const spec = { hyperparameters: { ...AUTO, ...given }, seed: 1 };
  const { training, epochs } = runSettings(spec, { kind: 'classification', rows, embeddingRms: 1 });
  return [training.totalSteps, epochs];
}

test('a job that says nothing makes about 400 updates, and sees each row at least once', () => {
  // Batches of 16: 125 an epoch.
  assert.deepEqual(planned(2000), [400, 4]);
  // 5 an epoch, at most 30 epochs.
  assert.deepEqual(planned(80), [150, 30]);
  assert.deepEqual(planned(16_000), [1000, 1]);
});

test('epochs and steps are taken as given', () => {
  assert.deepEqual(planned(2000, { n_epochs: 2 }), [250, 2]);
  assert.deepEqual(planned(2000, { n_epochs: 2, max_steps: 7 }), [7, 1]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hyperparameters } from '../../src/domain/training.ts';
import { runSettings } from '../../src/training/child/plan.ts';
import { DEFAULT_HYPERPARAMETERS } from '../../src/training/jobs/specification.ts';

function planned(rows: number, given: Partial<Hyperparameters> = {}) {
  const spec = { hyperparameters: { ...DEFAULT_HYPERPARAMETERS, ...given }, seed: 1 };
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

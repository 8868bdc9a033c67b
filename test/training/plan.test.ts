import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hyperparameters, LearnedType, LearningConfig } from '../../src/domain/training.ts';
import { runSettings } from '../../src/training/child/plan.ts';
import { DEFAULT_HYPERPARAMETERS } from '../../src/training/jobs/specification.ts';

function settings(rows: number, given: Partial<Hyperparameters>, peft_type: LearnedType = 'PROMPT_TUNING') {
  const config: LearningConfig = {
    peft_type,
    num_virtual_tokens: 4,
    prompt_tuning_init: 'auto',
    prompt_tuning_init_text: null,
  };
  const spec = { hyperparameters: { ...DEFAULT_HYPERPARAMETERS, ...given }, seed: 1, config };
  return runSettings(spec, { kind: 'classification', rows, embeddingRms: 0.1 });
}

function planned(rows: number, given: Partial<Hyperparameters> = {}) {
  const { training, epochs } = settings(rows, given);
  return [training.totalSteps, epochs];
}

test('the rate of rows follows the embeddings, that of keys and values does not', () => {
  const rate = (peft_type: LearnedType) => settings(80, {}, peft_type).training.learningRate;
  assert.ok(Math.abs(rate('PROMPT_TUNING') - 0.005) < 1e-9);
  assert.equal(rate('PREFIX_TUNING'), 0.01);
});

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

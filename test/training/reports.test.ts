import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PreparedJob } from '../../src/training/child/prepare.ts';
import { Reports } from '../../src/training/child/reports.ts';
import { LAYOUT, SETTINGS } from './toy.ts';

const HIDDEN = 4;

/** A job of 10 steps, of which 4, 8 and 10 are validated. */
function reports(): Reports {
  const job: PreparedJob = {
    run: {
      training: { ...SETTINGS, totalSteps: 10, validationSteps: 4 },
      epochs: 1,
      saveSteps: 1,
      loggingSteps: 1,
    },
    layout: LAYOUT,
    examples: [],
    validation: [],
    labels: [[]],
    embeddingRms: 1,
    plan: {
      hyperparameters: {},
      labels: [],
      trainingRows: 0,
      validationRows: 0,
      totalSteps: 10,
      leftOut: { count: 0, first: [] },
    },
  };
  return new Reports(job, HIDDEN);
}

const step = (number: number, milliseconds: number) =>
  ({
    type: 'step',
    step: number,
    epoch: 0,
    loss: 1,
    learningRate: 0.1,
    gradientNorm: 1,
    promptRms: 1,
    tokens: 8,
    milliseconds,
  }) as const;

const validation = (number: number, milliseconds: number) =>
  ({
    type: 'validation',
    step: number,
    score: { loss: 1, accuracy: null },
    isBest: true,
    milliseconds,
  }) as const;

describe('the reports of a run', () => {
  it('estimate the time that is left from the steps and the validations to come', () => {
    const run = reports();
    const left = (number: number) => run.of(step(number, 1000))?.data?.seconds_left;
    assert.equal(left(1), 9, 'no validation was measured yet');
    assert.equal(left(4), 6, 'nor at the step before the first');
    run.of(validation(4, 5000));
    assert.equal(left(5), 5 + 2 * 5, 'those of steps 8 and 10 are to come');
    assert.equal(left(8), 2 + 2 * 5, 'a step is reported before it is validated');
    run.of(validation(8, 5000));
    assert.equal(left(9), 1 + 5);
    assert.equal(left(10), 5);
  });

  it('follow a time that changes slowly', () => {
    const run = reports();
    run.of(step(1, 1000));
    assert.equal(run.of(step(2, 2000))?.data?.seconds_left, 8 * 1.1);
  });
});

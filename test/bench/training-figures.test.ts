import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PEFT, serviceName } from '../../bench/names.ts';
import { figuresTable } from '../../bench/report/figure.ts';
import { TRAINING_FIGURES } from '../../bench/report/training-figures.ts';
import { Samples } from '../../bench/samples.ts';
import { ACCURACY, JOB_MINUTES, JOB_PEAK } from '../../bench/training/workloads/accuracy.ts';
import { OF_TOLERANCE } from '../../bench/training/workloads/parity.ts';
import { tokenP99 } from '../../bench/training/workloads/serving.ts';
import { stepSeconds } from '../../bench/training/workloads/step.ts';

const OURS = serviceName('float32');

/** What was measured and whether it is met, in the order of the figures. */
const measured = (samples: Samples): string[][] =>
  figuresTable(TRAINING_FIGURES, samples).rows.map((row) => row.slice(2));

test('a run that measured nothing claims nothing', () => {
  for (const row of measured(new Samples([OURS, PEFT])))
    assert.deepEqual(row, ['not measured in this run', '']);
});

test('figures are met by what is as good as their targets, and missed by what is worse', () => {
  const good = new Samples([OURS, PEFT]);
  const bad = new Samples([OURS, PEFT]);
  const add = (system: string, figure: string, met: number, missed: number): void => {
    good.add(system, figure, met);
    bad.add(system, figure, missed);
  };
  add(OURS, stepSeconds(20), 2, 2);
  add(PEFT, stepSeconds(20), 7, 6.9);
  add(OURS, stepSeconds(100), 2, 2);
  add(PEFT, stepSeconds(100), 14, 13);
  add(OURS, OF_TOLERANCE, 0.1, 0.1);
  add(OURS, OF_TOLERANCE, 1, Number.NaN);
  add(OURS, ACCURACY.version, 0.95, 0.949);
  add(OURS, JOB_MINUTES, 15, 15.1);
  add(OURS, JOB_PEAK, 4 * 2 ** 30, 4.1 * 2 ** 30);
  add(OURS, tokenP99('alone'), 0.02, 0.02);
  add(OURS, tokenP99('training'), 0.04, 0.05);
  assert.deepEqual(
    measured(good).map(([, verdict]) => verdict),
    Array(TRAINING_FIGURES.length).fill('met'),
  );
  assert.deepEqual(
    measured(bad).map(([, verdict]) => verdict),
    Array(TRAINING_FIGURES.length).fill('**missed**'),
  );
  assert.equal(measured(good)[0]![0], '3.50');
  assert.equal(measured(good)[5]![0], '4.00');
});

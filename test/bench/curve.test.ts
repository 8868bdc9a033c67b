import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Samples } from '../../bench/samples.ts';
import { addCurve, curveTable } from '../../bench/training/curve.ts';

const SYSTEM = 'ours';

function curveOf(steps: number): Samples {
  const samples = new Samples([SYSTEM]);
  for (let step = 1; step <= steps; step++) {
    addCurve(samples, SYSTEM, { step, train_loss: 1 / step });
    if (step % 10 === 0) {
      addCurve(samples, SYSTEM, { step, full_valid_loss: 2 / step, full_valid_accuracy: step / 100 });
    }
  }
  addCurve(samples, SYSTEM, {}); // a message
  return samples;
}

test('a line of the plot is the mean of its steps, and the highest has the whole bar', () => {
  const { rows } = curveTable(curveOf(40), SYSTEM);
  assert.equal(rows.length, 20);
  assert.deepEqual(rows[0], ['1 to 2', '0.7500', '█'.repeat(24), '', '']);
  assert.deepEqual(rows[4]!.toSpliced(2, 1), ['9 to 10', '0.1056', '0.2000', '10.0 %']);
});

test('every step has a line', () => {
  const lines = curveTable(curveOf(47), SYSTEM).rows.map(([steps]) => steps);
  assert.equal(lines[0], '1 to 3');
  assert.equal(lines.at(-1), '46 to 47');
  assert.deepEqual(
    curveTable(curveOf(2), SYSTEM).rows.map(([steps]) => steps),
    ['1', '2'],
  );
});

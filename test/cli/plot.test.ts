import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plot } from '../../src/cli/plot.ts';

const series = (mark: string, points: readonly (readonly [number, number])[]) => ({
  name: `series ${mark}`,
  mark,
  points: points.map(([x, y]) => ({ x, y })),
});

describe('a plot in characters', () => {
  it('has the extremes at its corners, a scale and a legend', () => {
    const lines = plot([
      series('.', [
        [1, 2],
        [10, 0.5],
      ]),
      series('o', [[10, 1.25]]),
    ]).split('\n');
    assert.equal(lines.length, 13);
    assert.equal(lines[0], '2.0000 |.');
    assert.equal(lines[4], `       |${' '.repeat(59)}o`);
    assert.equal(lines[9], `0.5000 |${' '.repeat(59)}.`);
    assert.equal(lines[10], `       +${'-'.repeat(60)}`);
    assert.equal(lines[11], `        1${' '.repeat(57)}10`);
    assert.equal(lines[12], '        . series .   o series o');
  });

  it('shows the mean of the points that share a column', () => {
    const points = Array.from({ length: 601 }, (_, x) => [x, x === 0 ? 9 : x % 2] as const);
    const rows = plot([series('.', points)])
      .split('\n')
      .slice(0, 10);
    const marked = rows.flatMap((row, i) => (row.includes('.', 8) ? [i] : []));
    assert.deepEqual(marked, [8, 9], 'the peak is a tenth of its column');
  });

  it('takes a flat line, and leaves out what is not finite', () => {
    const text = plot([
      series('.', [
        [1, 3],
        [2, Number.NaN],
        [3, 3],
      ]),
      series('o', [[2, Number.POSITIVE_INFINITY]]),
    ]);
    assert.match(text.split('\n')[4]!, /\|\. +\.$/);
    assert.doesNotMatch(text, /series o/);
  });

  it('is empty where there is nothing to see', () => {
    assert.equal(plot([]), '');
    assert.equal(plot([series('.', [[1, 2]])]), '');
  });
});

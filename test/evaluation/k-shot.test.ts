import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawExamples, exampleText } from '../../src/evaluation/k-shot.ts';
import { LabelNames } from '../../src/evaluation/labels.ts';

const ROWS = Array.from({ length: 12 }, (_, i) => ({
  row: i + 1,
  line: i + 1,
  input: `text ${i}`,
  target: i % 3 === 0 ? 'x' : 'y',
}));
const draw = (seed: number, shots = 2, evaluated: readonly string[] = [], labels = ['x', 'y']) =>
  drawExamples(ROWS, { shots, seed, labels, evaluated: new Set(evaluated) });

describe('examples of a k-shot prompt', () => {
  it('are k of each label, the same for the same seed', () => {
    const drawn = draw(1);
    assert.deepEqual(drawn.map(({ target }) => target).sort(), ['x', 'x', 'y', 'y']);
    assert.equal(new Set(drawn).size, 4);
    assert.deepEqual(draw(1), drawn);
    const others = Array.from({ length: 8 }, (_, seed) => draw(seed).map(({ row }) => row));
    assert.ok(new Set(others.map(String)).size > 1, 'the seed decides');
  });

  it('are k in all without labels', () => {
    assert.equal(draw(1, 5, [], []).length, 5);
  });

  it('are never rows that are evaluated', () => {
    const xs = ROWS.filter(({ target }) => target === 'x').map(({ input }) => input);
    const evaluated = xs.slice(0, 2);
    const drawn = draw(3, 2, evaluated);
    assert.deepEqual(
      drawn.filter(({ input }) => evaluated.includes(input)),
      [],
    );
    assert.throws(() => draw(3, 3, evaluated), { code: 'too_few_examples', expected: 3, given: 2 });
  });

  it('stand in front of the input as the model is asked, with an empty line between', () => {
    const [first, second] = [
      { row: 1, line: 1, input: 'good film', target: ' pos' },
      { row: 2, line: 2, input: 'bad film', target: ' neg' },
    ];
    assert.equal(
      exampleText([first, second], (text) => `Review: ${text}\nMood:`),
      'Review: good film\nMood: pos\n\nReview: bad film\nMood: neg\n\n',
    );
  });
});

describe('labels of rows', () => {
  const row = (target: string) => ({ row: 1, line: 1, input: 'x', target });

  it('may leave out the white space around a label of the task', () => {
    const names = new LabelNames([' good', ' bad']);
    assert.deepEqual([...names.accepted].sort(), [' bad', ' good', 'bad', 'good']);
    assert.equal(names.resolve(row('bad')).target, ' bad');
    assert.equal(names.resolve(row(' bad')).target, ' bad');
  });

  it('mean themselves first, and nothing where two labels could be meant', () => {
    const names = new LabelNames(['good', ' good', ' ok', 'ok ', '\n']);
    assert.equal(names.resolve(row('good')).target, 'good');
    assert.equal(names.accepted.includes('ok'), false);
    assert.equal(names.accepted.includes(''), false);
  });
});

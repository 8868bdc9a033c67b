import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accuracy } from '../../src/evaluation/metrics/accuracy.ts';
import { answerWords } from '../../src/evaluation/metrics/answer-words.ts';
import { classScores } from '../../src/evaluation/metrics/class-scores.ts';
import { confusionMatrix } from '../../src/evaluation/metrics/confusion-matrix.ts';
import { crossEntropy } from '../../src/evaluation/metrics/cross-entropy.ts';
import { exactMatch } from '../../src/evaluation/metrics/exact-match.ts';
import { macroF1 } from '../../src/evaluation/metrics/macro-f1.ts';
import { mean } from '../../src/evaluation/metrics/mean.ts';
import { tokenF1 } from '../../src/evaluation/metrics/token-f1.ts';

/** Ten rows of the classes 0, 1, 2; class 3 occurs nowhere. */
const TRUTH = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];
const CHOSEN = [0, 0, 1, 2, 1, 1, 0, 0, 0, 1];
const MATRIX = [
  [2, 1, 1, 0],
  [1, 2, 0, 0],
  [2, 1, 0, 0],
  [0, 0, 0, 0],
];
const LABELS = ['a', 'b', 'c', 'd'];

const near = (given: number, expected: number): void =>
  assert.ok(Math.abs(given - expected) < 1e-12, `${given}, expected ${expected}`);

describe('metrics of classes', () => {
  it('the confusion matrix has the true class in rows', () => {
    assert.deepEqual(confusionMatrix(TRUTH, CHOSEN, 4), MATRIX);
    assert.deepEqual(confusionMatrix([], [], 2), [
      [0, 0],
      [0, 0],
    ]);
  });

  it('accuracy is the diagonal over all', () => {
    near(accuracy(MATRIX), 4 / 10);
    assert.ok(Number.isNaN(accuracy([[0]])));
  });

  it('precision divides by what was chosen, recall by what was true; nothing of nothing is 0', () => {
    const [a, b, c, d] = classScores(MATRIX, LABELS);
    // a: 2 right, 5 chosen, 4 true; b: 2 right, 4 chosen, 3 true; c: 0 right, 1 chosen, 3 true
    assert.deepEqual(a, { label: 'a', precision: 0.4, recall: 0.5, f1: 4 / 9, support: 4, predicted: 5 });
    assert.deepEqual(b, { label: 'b', precision: 0.5, recall: 2 / 3, f1: 4 / 7, support: 3, predicted: 4 });
    assert.deepEqual(c, { label: 'c', precision: 0, recall: 0, f1: 0, support: 3, predicted: 1 });
    assert.deepEqual(d, { label: 'd', precision: 0, recall: 0, f1: 0, support: 0, predicted: 0 });
  });

  it('macro-F1 leaves out classes that occur nowhere', () => {
    near(macroF1(classScores(MATRIX, LABELS)), (4 / 9 + 4 / 7 + 0) / 3);
  });
});

describe('losses', () => {
  it('cross-entropy is -log softmax, whatever the scale of the scores', () => {
    near(crossEntropy([Math.log(0.5), Math.log(0.3), Math.log(0.2)], 1), -Math.log(0.3));
    near(crossEntropy([Math.log(0.05), Math.log(0.15)], 0), Math.log(4));
    near(crossEntropy([-5000, -5001], 1), Math.log(1 + Math.E));
    near(crossEntropy([0, -10_000], 1), 10_000);
  });

  it('the mean', () => {
    near(mean([1, 2, 6]), 3);
    assert.ok(Number.isNaN(mean([])));
  });
});

describe('metrics of answers', () => {
  it('compare words in lower case, without punctuation and articles', () => {
    assert.deepEqual(answerWords(' The  Eiffel-Tower, in Paris!'), ['eiffeltower', 'in', 'paris']);
    assert.deepEqual(answerWords('a an the'), []);
    assert.deepEqual(answerWords('Theatre an Anthem éa'), ['theatre', 'anthem', 'éa']);
    assert.deepEqual(answerWords('$1,000 is a lot'), ['1000', 'is', 'lot']);
  });

  it('exact match needs the same words in the same order', () => {
    assert.equal(exactMatch(' the Cat.', 'cat'), true);
    assert.equal(exactMatch('cat black', 'black cat'), false);
    assert.equal(exactMatch('', 'the'), true);
  });

  it('token F1 counts each shared word as often as it stands in both', () => {
    // shared: cat, sat; precision 2/2, recall 2/3
    near(tokenF1('a cat sat', 'the cat sat down'), 0.8);
    // shared: one "b"; precision 1/3, recall 1/2
    near(tokenF1('b b b', 'b c'), 0.4);
    near(tokenF1('x', 'y'), 0);
    near(tokenF1('', 'y'), 0);
    near(tokenF1('!', 'the'), 1);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NaiveBayes } from '../../src/evaluation/naive-bayes.ts';
import { askForWords } from '../../src/evaluation/word-classification.ts';

const LABELS = [' China', ' other'];
const rowOf = (input: string, target: string, i = 0) => ({ row: i + 1, line: i + 1, input, target });
/** Manning, Raghavan and Schütze 2008, table 13.1. */
const ROWS = [
  rowOf('Chinese Beijing Chinese', ' China', 0),
  rowOf('Chinese Chinese, Shanghai!', ' China', 1),
  rowOf('chinese macao', ' China', 2),
  rowOf('Tokyo Japan Chinese', ' other', 3),
];
const TEXT = 'Chinese Chinese Chinese Tokyo Japan';
/** Their example 13.1: 3/4 * (3/7)^3 * 1/14 * 1/14, and 1/4 * (2/9)^3 * 2/9 * 2/9. */
const JOINT = [(3 / 4) * (3 / 7) ** 3 * (1 / 14) ** 2, (1 / 4) * (2 / 9) ** 3 * (2 / 9) ** 2];

const isNear = (given: number, expected: number): void =>
  assert.ok(Math.abs(given - expected) < 1e-12, `${given} is not ${expected}`);

describe('naive Bayes', () => {
  it('has the numbers of a worked example, whatever the case and the signs between words', async () => {
    const classifier = await NaiveBayes.learn(ROWS, LABELS);
    for (const text of [TEXT, 'CHINESE "chinese" (Chinese): tokyo; Japan.']) {
      const joint = classifier.logJoint(text);
      for (const [i, expected] of JOINT.entries()) isNear(joint[i]!, Math.log(expected));
    }
  });

  it('passes over words that no row has, and falls back on how often a label is', async () => {
    const classifier = await NaiveBayes.learn(ROWS, LABELS);
    assert.deepEqual(classifier.logJoint('Paris, 1789'), [Math.log(3 / 4), Math.log(1 / 4)]);
    assert.deepEqual(classifier.logJoint(''), [Math.log(3 / 4), Math.log(1 / 4)]);
  });

  it('ranks rows without tokens, with the loss of the true label among the labels', async () => {
    const ask = askForWords(await NaiveBayes.learn(ROWS, LABELS), LABELS);
    const { values, usage } = await ask([rowOf(TEXT, ' other'), rowOf('Beijing', ' China', 1)]);
    assert.deepEqual(
      values.map(({ truth, chosen }) => [truth, chosen]),
      [
        [1, 0],
        [0, 0],
      ],
    );
    isNear(values[0]!.loss, -Math.log(JOINT[1]! / (JOINT[0]! + JOINT[1]!)));
    assert.equal(values[0]!.crossEntropy, values[0]!.loss);
    assert.deepEqual(usage, { promptTokens: 0, virtualTokens: 0, completionTokens: 0 });
  });
});

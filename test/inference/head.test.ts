import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANYONE } from '../../src/domain/principal.ts';
import { completion, encode, never, PROMPT, setUp } from './fakes.ts';

/** Logits are the numbers of the hidden state that the row's 1 picks, doubled for the last. */
const HEAD = {
  numLabels: 3,
  weight: Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 2]),
};

function setUpHead(task: { readonly labels?: readonly string[] | null } = {}, contextLength = 40) {
  return setUp(
    { hiddenState: ({ inputIds }) => Float32Array.from([inputIds.length, 4, 1]), contextLength },
    { head: HEAD, version: { numLabels: 3 }, task },
  );
}

const request = (inputs: readonly string[], labels: readonly string[] | null = null) => ({
  task: 'reviews',
  versions: null,
  caller: ANYONE,
  inputs,
  labels,
});

function softmax(...logits: readonly number[]): number[] {
  const weights = logits.map(Math.exp);
  return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
}

function assertProbabilities(
  given: Readonly<Record<string, number>>,
  labels: string[],
  expected: number[],
): void {
  assert.deepEqual(Object.keys(given), labels);
  Object.values(given).forEach((p, i) => {
    assert.ok(Math.abs(p - expected[i]!) < 1e-12, `${p} is not ${expected[i]}`);
  });
}

describe('classification by a head', () => {
  it('reads each input in the template, and answers with the softmax of the logits', async () => {
    const { inference, engine } = setUpHead({ labels: ['a', 'b', 'c'] });
    const { results, usage } = await inference.classify(request(['x', 'y z']), never);
    const inputs = ['x', 'y z'].map((text) => encode(`R: ${text} S:`));
    assert.deepEqual(
      engine.read.map(({ inputIds, prompt }) => [inputIds, prompt]),
      inputs.map((ids) => [ids, PROMPT]),
    );
    results.forEach(({ probabilities, label, logliks }, i) => {
      const expected = softmax(inputs[i]!.length, 4, 2);
      assertProbabilities(probabilities, ['a', 'b', 'c'], expected);
      assert.equal(label, inputs[i]!.length > 4 ? 'a' : 'b');
      logliks.forEach((loglik, row) => {
        assert.ok(Math.abs(loglik - Math.log(expected[row]!)) < 1e-12);
      });
    });
    const promptTokens = inputs.reduce((sum, ids) => sum + ids.length, 0);
    assert.deepEqual(usage, { promptTokens, virtualTokens: 8, completionTokens: 0 });
    assert.deepEqual(engine.scored, []);
  });

  it('calls its rows LABEL_0, LABEL_1, ... without labels of the task', async () => {
    const { inference } = setUpHead({ labels: null });
    const { results } = await inference.classify(request(['x']), never);
    const expected = softmax(encode('R: x S:').length, 4, 2);
    assertProbabilities(results[0]!.probabilities, ['LABEL_0', 'LABEL_1', 'LABEL_2'], expected);
    const some = await inference.classify(request(['x'], ['LABEL_2', 'LABEL_1']), never);
    assertProbabilities(some.results[0]!.probabilities, ['LABEL_2', 'LABEL_1'], softmax(2, 4));
    assert.equal(some.results[0]!.label, 'LABEL_1');
  });

  it('refuses other labels, by name and by number', async () => {
    const named = setUpHead({ labels: ['a', 'b', 'c'] }).inference;
    const expected = ['a', 'b', 'c'];
    const unknown = { kind: 'unprocessable', code: 'unknown_label', param: 'labels', expected, given: 'd' };
    await assert.rejects(named.classify(request(['x'], ['a', 'd']), never), unknown);
    const { inference, engine } = setUpHead({ labels: ['a', 'b'] });
    const mismatch = { kind: 'unprocessable', code: 'num_labels_mismatch', expected: 3, given: 2 };
    await assert.rejects(inference.classify(request(['x']), never), mismatch);
    assert.deepEqual(engine.read, []);
  });

  it('holds the whole context, as nothing is read behind the input', async () => {
    const text = 'x y z';
    const contextLength = PROMPT.length + encode(`R: ${text} S:`).length;
    const { inference, engine } = setUpHead({ labels: ['a', 'b', 'c'] }, contextLength);
    await inference.classify(request([text]), never);
    await assert.rejects(inference.classify(request(['x', `${text} x`]), never), {
      code: 'context_length_exceeded',
      param: 'inputs[1]',
    });
    assert.equal(engine.read.length, 1, 'every input is checked before the first is sent');
  });

  it('keeps the order of many inputs, and a bound on how many are under way', async () => {
    const { inference, engine } = setUpHead({ labels: ['a', 'b', 'c'] });
    const texts = Array.from({ length: 150 }, (_, i) => 'x '.repeat(i % 9));
    const { results } = await inference.classify(request(texts), never);
    results.forEach(({ probabilities }, i) => {
      assertProbabilities(probabilities, ['a', 'b', 'c'], softmax(encode(`R: ${texts[i]} S:`).length, 4, 2));
    });
    assert.equal(engine.mostOutstanding, 64);
    assert.ok(engine.read.every(({ priority }) => priority === 'batch'));
  });

  it('neither generates nor scores', async () => {
    const { inference, engine } = setUpHead();
    const refusal = { kind: 'unprocessable', code: 'classification_only', given: 'reviews@2' };
    const complete = completion('x', { model: 'reviews' });
    await assert.rejects(inference.complete(complete, never), { ...refusal, param: 'model' });
    const messages = [{ role: 'user', content: 'x' }];
    const chat = { model: 'reviews@2', messages, logprobs: null, caller: ANYONE };
    await assert.rejects(inference.chat(chat, never), refusal);
    const score = { ...request([]), version: 2, inputs: [{ text: 'x', target: 'y' }] };
    await assert.rejects(inference.score(score, never), { ...refusal, param: 'task' });
    assert.deepEqual([engine.generated, engine.scored], [[], []]);
  });
});

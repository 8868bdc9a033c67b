import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANYONE } from '../../src/domain/principal.ts';
import { countTurns, work } from '../support/turns.ts';
import { encode, never, PROMPT, setUp } from './fakes.ts';

const classify = (inputs: readonly string[], labels: readonly string[] | null = null) => ({
  task: 'reviews',
  versions: null,
  caller: ANYONE,
  inputs,
  labels,
});
const score = (...inputs: readonly { readonly text: string; readonly target: string }[]) => ({
  task: 'reviews',
  versions: null,
  caller: ANYONE,
  inputs,
});

describe('classify', () => {
  it('softmax over the sums of the labels, one call an input', async () => {
    const { inference, engine } = setUp({
      score: ({ inputIds }) =>
        inputIds.length === encode('R: x S:').length
          ? [Float64Array.of(-1, -0.5), Float64Array.of(-0.25)]
          : [Float64Array.of(-3), Float64Array.of(-2, -3)],
      contextLength: 100,
    });
    const { results, usage } = await inference.classify(classify(['x', 'yyyyyyyyyyyy']), never);
    // ln p: -1.5 and -0.25, then -3 and -5
    const [first, second] = results;
    assert.equal(first!.label, ' bad');
    assert.ok(Math.abs(first!.probabilities[' good']! - 1 / (1 + Math.exp(1.25))) < 1e-12);
    assert.equal(second!.label, ' good');
    assert.ok(Math.abs(second!.probabilities[' good']! - 1 / (1 + Math.exp(-2))) < 1e-12);
    for (const { probabilities } of results) {
      const sum = Object.values(probabilities).reduce((a, b) => a + b);
      assert.ok(Math.abs(sum - 1) < 1e-12);
    }
    assert.equal(engine.scored.length, 2);
    assert.deepEqual(engine.scored[0], {
      flow: 'reviews',
      priority: 'interactive',
      prompt: PROMPT,
      inputIds: [...encode('R: x S:')],
      continuations: [[...encode(' good')], [...encode(' bad')]],
    });
    assert.deepEqual(usage, {
      promptTokens: encode('R: x S:').length + encode('R: yyyyyyyyyyyy S:').length,
      virtualTokens: 8,
      completionTokens: 0,
    });
  });

  it('log-likelihoods far below the range of exp still compare', async () => {
    const { inference } = setUp({ score: () => [Float64Array.of(-5000), Float64Array.of(-5001)] });
    const { results } = await inference.classify(classify(['x']), never);
    assert.ok(Math.abs(results[0]!.probabilities[' good']! - 1 / (1 + Math.exp(-1))) < 1e-12);
  });

  it('of equally likely labels the first wins; labels of the request come first', async () => {
    const { inference } = setUp({
      score: ({ continuations }) => continuations.map(() => Float64Array.of(-1)),
    });
    const { results } = await inference.classify(classify(['x'], ['c', '__proto__', 'a']), never);
    assert.equal(results[0]!.label, 'c');
    assert.deepEqual(Object.keys(results[0]!.probabilities), ['c', '__proto__', 'a']);
    assert.deepEqual(
      Object.values(results[0]!.probabilities).map((p) => p.toFixed(6)),
      ['0.333333', '0.333333', '0.333333'],
    );
  });

  it('keeps the order of many inputs, and a bound on how many are under way', async () => {
    const lengths = Array.from({ length: 200 }, (_, i) => (i * 7) % 30);
    const { inference, engine } = setUp({
      score: ({ inputIds }) => [Float64Array.of(-inputIds.length), Float64Array.of(-1)],
      contextLength: 100,
    });
    const inputs = lengths.map((length) => 'x '.repeat(length));
    const { results } = await inference.classify(classify(inputs), never);
    results.forEach(({ probabilities }, i) => {
      const loglik = -encode(`R: ${inputs[i]} S:`).length;
      const expected = 1 / (1 + Math.exp(-1 - loglik));
      assert.ok(Math.abs(probabilities[' good']! - expected) < 1e-12);
    });
    assert.equal(engine.mostOutstanding, 64);
  });

  it('many inputs are batch work, few are interactive, and the request can say which', async () => {
    const { inference, engine } = setUp({ score: () => [Float64Array.of(-1), Float64Array.of(-2)] });
    const priorities = async (count: number, tier?: 'auto' | 'default' | 'flex') => {
      const first = engine.scored.length;
      await inference.classify({ ...classify(Array<string>(count).fill('x')), tier }, never);
      return [...new Set(engine.scored.slice(first).map(({ priority }) => priority))];
    };
    assert.deepEqual(await priorities(8), ['interactive']);
    assert.deepEqual(await priorities(9), ['batch']);
    assert.deepEqual(await priorities(9, 'auto'), ['batch']);
    assert.deepEqual(await priorities(9, 'default'), ['interactive']);
    assert.deepEqual(await priorities(1, 'flex'), ['batch']);
  });

  it('a base model classifies by the labels of the request', async () => {
    const { inference, engine } = setUp({ score: () => [Float64Array.of(-1), Float64Array.of(-2)] });
    await inference.classify({ ...classify(['x'], ['a', 'b']), task: 'base' }, never);
    assert.equal(engine.scored[0]!.prompt, null);
    assert.equal(engine.scored[0]!.flow, 'base');
    assert.deepEqual(engine.scored[0]!.inputIds, encode('x'));
  });

  it('no inputs, no results', async () => {
    const { inference } = setUp({});
    assert.deepEqual((await inference.classify(classify([]), never)).results, []);
  });

  it('refuses labels that cannot be told apart', async () => {
    const { inference, engine } = setUp({}, { task: { labels: null } });
    const cases: [readonly string[] | null, string, RegExp][] = [
      [null, 'no_labels', /./],
      [['one'], 'invalid_labels', /at least two/],
      [['a', ''], 'invalid_labels', /"" has no tokens/],
      [['a', 'b', 'a'], 'invalid_labels', /"a" and "a"/],
      [['x\ud800', 'x\udfff'], 'invalid_labels', /same tokens/],
    ];
    for (const [labels, code, message] of cases) {
      await assert.rejects(inference.classify(classify(['x'], labels), never), {
        kind: 'unprocessable',
        code,
        message,
        param: 'labels',
      });
    }
    assert.equal(engine.scored.length, 0);
  });

  it('refuses more inputs times labels than one request may have, before any work', async () => {
    const { inference, engine } = setUp({
      score: ({ continuations }) => continuations.map(() => Float64Array.of(-1)),
    });
    const labels = Array.from({ length: 1024 }, (_, i) => `l${i}`);
    const inputs = (count: number) => Array.from({ length: count }, () => 'x');
    await assert.rejects(inference.classify(classify(inputs(65), labels), never), {
      kind: 'unprocessable',
      code: 'too_many_rows',
      param: 'inputs',
      expected: 'at most 65536 inputs times labels',
      given: 66_560,
    });
    assert.equal(engine.scored.length, 0);
    assert.equal((await inference.classify(classify(inputs(64), labels), never)).results.length, 64);
  });

  it('asks the engine in short turns, however many inputs there are', async (t) => {
    const { inference, engine } = setUp({ score: () => [Float64Array.of(-1), Float64Array.of(-2)] });
    const turn = countTurns(t);
    const turns: number[] = [];
    const ask = engine.score.bind(engine);
    engine.score = (...asked) => {
      turns.push(turn());
      work();
      return ask(...asked);
    };
    await inference.classify(classify(Array.from({ length: 12 }, () => 'x')), never);
    assert.equal(turns.length, 12);
    // Time is looked at from the first on.
    assert.ok(new Set(turns).size >= 11, `in the turns ${turns}`);
  });

  it('refuses an input that does not fit with the longest label, before any work', async () => {
    const { inference, engine } = setUp({ contextLength: 20 });
    await assert.rejects(inference.classify(classify(['x', 'y '.repeat(30)]), never), {
      code: 'context_length_exceeded',
      param: 'inputs[1]',
    });
    assert.equal(engine.scored.length, 0);
  });

  it('is refused as a whole when there is no room, and never in the middle', async () => {
    const { inference, engine } = setUp({
      capacity: 4,
      score: () => [Float64Array.of(-1), Float64Array.of(-2)],
    });
    engine.outstanding = 3;
    const { results } = await inference.classify(classify(['x', 'y', 'z']), never);
    assert.equal(results.length, 3);
    engine.outstanding = 4;
    await assert.rejects(inference.classify(classify(['x']), never), { code: 'queue_full' });
  });

  it('names the task that does not exist', async () => {
    const { inference } = setUp({});
    await assert.rejects(inference.classify({ ...classify(['x']), task: 'other' }, never), {
      kind: 'not_found',
      code: 'model_not_found',
      param: 'task',
    });
  });

  it('an abort, or the failure of one input, ends the others', async () => {
    const controller = new AbortController();
    const aborted = setUp({
      score: () => {
        controller.abort();
        return [Float64Array.of(-1), Float64Array.of(-1)];
      },
    });
    const many = classify(Array.from({ length: 300 }, () => 'x'));
    await assert.rejects(aborted.inference.classify(many, controller.signal), { name: 'AbortError' });
    assert.ok(aborted.engine.scored.length <= 128);

    const failing = setUp({
      score: () => {
        throw new Error('broken');
      },
    });
    await assert.rejects(failing.inference.classify(many, never), /broken/);
    assert.ok(failing.engine.scored.length <= 128);
  });
});

describe('score', () => {
  it('sums the log-probabilities of the target, put right after the text', async () => {
    const { inference, engine } = setUp(
      { score: ({ continuations }) => [Float64Array.from(continuations[0]!, (_, i) => -(i + 1))] },
      { bos: true },
    );
    const { results, usage } = await inference.score(score({ text: 'x', target: ' hello' }), never);
    const ids = encode(' hello');
    assert.deepEqual(results, [{ loglik: -(ids.length * (ids.length + 1)) / 2, tokens: ids.length }]);
    assert.deepEqual(engine.scored[0], {
      flow: 'reviews',
      priority: 'interactive',
      prompt: PROMPT,
      inputIds: [2, ...encode('R: x S:')],
      continuations: [[...ids]],
    });
    assert.equal(usage.promptTokens, 1 + encode('R: x S:').length);
  });

  it('refuses an empty target, and an empty input of the base model', async () => {
    const { inference, engine } = setUp({});
    const pairs = score({ text: 'x', target: 'y' }, { text: 'x', target: '' });
    await assert.rejects(inference.score(pairs, never), {
      kind: 'unprocessable',
      code: 'empty_target',
      param: 'inputs[1].target',
    });
    const base = { ...score({ text: '', target: 'y' }), task: 'base' };
    await assert.rejects(inference.score(base, never), { code: 'empty_input', param: 'inputs[0]' });
    assert.equal(engine.scored.length, 0);
  });
});

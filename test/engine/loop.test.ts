import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SAMPLING } from '../../src/domain/sampling.ts';
import type { CoreOptions } from '../../src/engine/core-contract.ts';
import { assembleLoop } from '../../src/engine/decoding/assemble-loop.ts';
import { Sampler } from '../../src/engine/decoding/sampler.ts';
import { Sequence } from '../../src/engine/decoding/sequence.ts';
import { KvSlab } from '../../src/engine/kv/slab.ts';
import { CHOICE } from '../../src/model/decode-loop.ts';
import { GREEDY, greedy, Harness, PROMPTS, range, request } from './core-harness.ts';
import { LoopingToyBackend } from './toy-loop.ts';

const STEPS = 5;

function start(options: Partial<CoreOptions> = {}, steps = STEPS) {
  const backend = new LoopingToyBackend(steps);
  return { engine: new Harness(options, backend), loop: backend.loop };
}

test('requests of many prompts and lengths get the same tokens, several a run', async () => {
  const { engine, loop } = start({ inputCacheBytes: 1e6 });
  const requests = Array.from({ length: 23 }, (_, i) => {
    const prompt = [null, 'a', 'b', 'c'][i % 4]!;
    return { prompt, ids: range(1 + ((i * 5) % 40), i), maxTokens: 1 + ((i * 3) % 31) };
  });
  for (const [i, { prompt, ids, maxTokens }] of requests.entries()) {
    engine.core.generate(i, request(prompt, ids, { maxTokens }));
    if (i % 3 === 0) await engine.core.step();
  }
  await engine.settle();
  for (const [i, { prompt, ids, maxTokens }] of requests.entries()) {
    const rows = [...(prompt === null ? [] : PROMPTS[prompt]!), ...ids];
    assert.deepEqual(engine.tokens(i), greedy(rows, maxTokens), `request ${i}`);
    assert.deepEqual(engine.last(i), { type: 'end', reason: 'length' });
  }
  assert.ok(loop.runs.some(([batch, steps]) => batch === 4 && steps === STEPS));
  const { generatedTokensTotal } = engine.core.stats();
  assert.equal(
    generatedTokensTotal,
    requests.reduce((sum, { maxTokens }) => sum + maxTokens, 0),
  );
});

test('a stop token ends a row inside of a run, and what it read is kept for the next input', async () => {
  const { engine } = start({ inputCacheBytes: 1e6 });
  const expected = greedy(range(40), 12);
  const stop = expected[7]!;
  const at = expected.indexOf(stop);
  engine.core.generate(1, request(null, range(40), { maxTokens: 50, stopTokenIds: [96, stop] }));
  await engine.settle();
  assert.deepEqual(engine.tokens(1), expected.slice(0, at));
  assert.deepEqual(engine.last(1), { type: 'end', reason: 'stop' });
  const before = engine.core.stats().prefillTokensTotal;
  engine.core.generate(2, request(null, [...range(40), ...expected.slice(0, at), 3]));
  await engine.settle();
  assert.deepEqual(engine.tokens(2), greedy([...range(40), ...expected.slice(0, at), 3], 8));
  assert.ok(engine.core.stats().prefillTokensTotal - before < 20);
});

test('one row that needs more than its tokens makes all take single steps as long as it runs', async () => {
  const { engine, loop } = start();
  engine.core.generate(1, request(null, [1, 2], { maxTokens: 30 }));
  engine.core.generate(2, request(null, [3], { maxTokens: 6, topLogprobs: 1 }));
  engine.core.generate(
    3,
    request(null, [4], { maxTokens: 6, sampling: { ...GREEDY, presencePenalty: 1e-9 } }),
  );
  while (engine.last(2)?.type !== 'end' || engine.last(3)?.type !== 'end')
    assert.ok(await engine.settleOnce());
  assert.deepEqual(loop.runs, []);
  await engine.settle();
  assert.ok(loop.runs.length > 0);
  assert.deepEqual(engine.tokens(1), greedy([1, 2], 30));
  assert.deepEqual(engine.tokens(2), greedy([3], 6));
});

test('a run that fails ends the rows that were in it, and no others', async () => {
  const { engine, loop } = start();
  for (const id of [1, 2]) engine.core.generate(id, request(null, [id], { maxTokens: 20 }));
  while (engine.tokens(1).length < 2) assert.ok(await engine.settleOnce());
  loop.failNext = true;
  await engine.settle();
  for (const id of [1, 2]) assert.equal(engine.last(id)?.type, 'error');
  assert.deepEqual(
    engine.failures.map(({ message }) => message),
    ['the device is on fire'],
  );
  engine.core.generate(3, request(null, [7]));
  await engine.settle();
  assert.deepEqual(engine.tokens(3), greedy([7], 8));
});

test('numbers that are not finite end their row after the tokens before them', async () => {
  const { engine, loop } = start();
  for (const id of [1, 2, 3]) engine.core.generate(id, request(null, [id], { maxTokens: 20 }));
  while (engine.core.stats().running < 3) assert.ok(await engine.settleOnce());
  const before = engine.tokens(2).length;
  loop.breakNext = 1;
  await engine.settle();
  const last = engine.last(2);
  assert.ok(last?.type === 'error' && last.error.code === 'not_finite', JSON.stringify(last));
  assert.deepEqual(engine.tokens(2), greedy([2], before + 1));
  for (const id of [1, 3]) assert.deepEqual(engine.tokens(id), greedy([id], 20));
});

test('rows leave in time: those that stay have memory for all positions of a run', async () => {
  const kvCacheBytes = 4 * 64 * 32;
  const { engine, loop } = start({ kvCacheBytes }, 32);
  for (let i = 0; i < 4; i++) engine.core.generate(i, request(null, [i + 1], { maxTokens: 150 }));
  await engine.settle();
  for (let i = 0; i < 4; i++) assert.deepEqual(engine.tokens(i), greedy([i + 1], 150));
  assert.ok(engine.core.stats().preemptionsTotal > 0);
  assert.ok(loop.runs.every(([batch, , past]) => batch * past * 32 <= kvCacheBytes));
});

test('a request that is aborted between two runs gets nothing more', async () => {
  const { engine } = start();
  for (const id of [1, 2]) engine.core.generate(id, request(null, [id], { maxTokens: 40 }));
  while (engine.tokens(1).length < 3) assert.ok(await engine.settleOnce());
  const told = engine.events.get(1)!.length;
  engine.core.abort(1);
  await engine.settle();
  assert.equal(engine.events.get(1)!.length, told);
  assert.deepEqual(engine.tokens(2), greedy([2], 40));
});

test('a sampler tells its random numbers ahead, and uses them in their order', () => {
  const params = { ...DEFAULT_SAMPLING, seed: 7 };
  const [plain, ahead] = [new Sampler(params, []), new Sampler(params, [])];
  const flat = () => ({ kind: 'logits', logits: new Float32Array(1000) }) as const;
  const expected = Array.from({ length: 6 }, () => plain.next(flat()));
  const foreseen = ahead.foresee(4);
  assert.deepEqual(
    foreseen.map((uniform) => Math.floor(uniform * 1000)),
    expected.slice(0, 4),
  );
  assert.deepEqual(ahead.foresee(2), foreseen.slice(0, 2), 'they are still to be drawn');
  for (const id of expected.slice(0, 2)) ahead.take(id);
  assert.deepEqual(
    [ahead.next(flat()), ahead.next(flat()), ahead.next(flat()), ahead.next(flat())],
    expected.slice(2),
  );
});

test('a run is fed what each row chooses by', () => {
  const shape = { planes: 2, heads: 2, dim: 2, element: 'float32' } as const;
  const slab = new KvSlab(shape);
  const samplings = [
    { temperature: 0, topK: 5, topP: 0.5 },
    { temperature: 0.5, topK: 0, topP: 1 },
    { temperature: 1, topK: 7, topP: 1 },
    { temperature: 2, topK: 2000, topP: 1 },
    { temperature: 1, topK: 9, topP: 0.5 },
  ];
  const rows = samplings.map((sampling, index) => {
    const sequence = new Sequence(
      index,
      request(null, [1], { sampling: { ...GREEDY, ...sampling }, stopTokenIds: index === 1 ? [4, 5] : [] }),
      null,
    );
    sequence.output.push(10 + index);
    slab.addRow([]);
    return sequence;
  });
  const backend = { kvShape: shape, vocabSize: 1000, bestCount: 8 };
  const inputs = assembleLoop(slab, rows, 3, backend);
  const { greedy: best1, any, best } = CHOICE;
  assert.deepEqual([...inputs.kinds].map(Number), [best1, any, best, any, best]);
  assert.deepEqual([...inputs.topK].map(Number), [1, 1000, 7, 1000, 9]);
  assert.deepEqual([...inputs.topP], [0.5, 2, 2, 2, 0.5]);
  assert.deepEqual([...inputs.temperatures], [1, 0.5, 1, 2, 1]);
  assert.deepEqual([...inputs.stopTokens].map(Number), [-1, -1, 4, 5, -1, -1, -1, -1, -1, -1]);
  assert.deepEqual([...inputs.lastTokens].map(Number), [10, 11, 12, 13, 14]);
  assert.deepEqual([...inputs.limits].map(Number), [7, 7, 7, 7, 7]);
  assert.equal(inputs.candidates, 9, 'all tokens are sorted only where top-p alone cuts');
  assert.equal(inputs.uniforms.length, 15);
  assert.deepEqual([inputs.uniforms[0], inputs.uniforms[5]], [0, 0], 'a greedy row uses none');
  const cut = new Sequence(
    9,
    request(null, [1], { sampling: { ...GREEDY, temperature: 1, topP: 0.9 } }),
    null,
  );
  cut.output.push(1);
  const alone = new KvSlab(shape);
  alone.addRow([]);
  assert.equal(assembleLoop(alone, [cut], 1, backend).candidates, 1000);
});

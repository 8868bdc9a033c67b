import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { GenerateRequest } from '../../src/domain/engine.ts';
import type { StepInputs } from '../../src/engine/backend.ts';
import { logSumExp } from '../../src/engine/decoding/logprobs.ts';
import { argmax } from '../../src/engine/decoding/sampler.ts';
import { seededRandom } from '../support/numbers.ts';
import { GREEDY, greedy, Harness, handle, PROMPTS, range, request } from './core-harness.ts';
import { expectedLogits, VOCAB } from './toy-model.ts';

/** log of the mean of the members' next-token probabilities [vocab]. */
function meanLogits(sequences: readonly (readonly number[])[]): Float32Array {
  const members = sequences.map((rows) => expectedLogits(rows));
  const normalisers = members.map(logSumExp);
  return members[0]!.map((_, id) =>
    Math.log(
      members.reduce((sum, logits, i) => sum + Math.exp(logits[id]! - normalisers[i]!), 0) / members.length,
    ),
  );
}

/** The tokens of an ensemble, computed without a cache. */
function together(prompts: readonly string[], ids: readonly number[], count: number): number[] {
  const tokens: number[] = [];
  for (let i = 0; i < count; i++) {
    tokens.push(argmax(meanLogits(prompts.map((prompt) => [...PROMPTS[prompt]!, ...ids, ...tokens]))));
  }
  return tokens;
}

function ensemble(prompts: readonly string[], ids: number[], overrides: Partial<GenerateRequest> = {}) {
  const [first, ...others] = prompts;
  return request(first!, ids, { flow: 'together', others: others.map(handle), ...overrides });
}

const KINDS = [
  ['a', 'b'],
  ['b', 'c', 'a'],
  ['c', 'a', 'b', 'a'],
] as const;

test('an ensemble chooses every token from the mean of the members’ probabilities', async () => {
  for (const prompts of KINDS) {
    const engine = new Harness();
    engine.core.generate(1, ensemble(prompts, [5, 6, 7]));
    await engine.settle();
    const expected = together(prompts, [5, 6, 7], 8);
    assert.deepEqual(engine.tokens(1), expected, prompts.join());
    assert.deepEqual(engine.last(1), { type: 'end', reason: 'length' });
    assert.deepEqual([...engine.events.keys()], [1], 'members say nothing of their own');
    assert.equal(engine.core.stats().kvCacheBytes, 0, 'an idle engine holds no cache');
    const decodes = engine.backend.runs.filter(([, sequence]) => sequence === 1).slice(-7);
    assert.ok(
      decodes.every(([batch]) => batch === prompts.length),
      'one run a token for all members',
    );
  }
  // The members alone say something else, so the test would notice if one of them were left out.
  const alone = greedy([...PROMPTS.a!, 5, 6, 7], 8);
  assert.notDeepEqual(together(['a', 'b'], [5, 6, 7], 8), alone);
});

test('its log-probabilities are those of the mean', async () => {
  const engine = new Harness();
  engine.core.generate(1, ensemble(['a', 'c'], [9], { maxTokens: 1, topLogprobs: 3 }));
  await engine.settle();
  const logits = meanLogits([
    [...PROMPTS.a!, 9],
    [...PROMPTS.c!, 9],
  ]);
  const event = engine.events.get(1)!.find(({ type }) => type === 'token');
  assert.ok(event?.type === 'token' && event.detail !== null, 'a token with its log-probability');
  assert.ok(Math.abs(event.detail.logprob - logits[event.id]!) < 1e-5, `${event.detail.logprob}`);
  assert.equal(event.detail.top.length, 3);
});

test('the same seed gives the same sample, and stop tokens end it', async () => {
  const sampled = { sampling: { ...GREEDY, temperature: 1, seed: 7 }, maxTokens: 12 };
  const runs = await Promise.all(
    [1, 2].map(async () => {
      const engine = new Harness();
      engine.core.generate(1, ensemble(['a', 'b'], [3], sampled));
      engine.core.generate(2, request('c', [1, 2], { maxTokens: 20 }));
      await engine.settle();
      return engine.tokens(1);
    }),
  );
  assert.equal(runs[0]!.length, 12);
  assert.deepEqual(runs[0], runs[1]);
  const engine = new Harness();
  engine.core.generate(1, ensemble(['a', 'b'], [3], { ...sampled, stopTokenIds: [runs[0]![4]!] }));
  await engine.settle();
  const end = runs[0]!.indexOf(runs[0]![4]!);
  assert.deepEqual(engine.tokens(1), runs[0]!.slice(0, end));
  assert.deepEqual(engine.last(1), { type: 'end', reason: 'stop' });
});

test('ensembles and others share the batch and do not notice, also when rows are short', async () => {
  for (const maxBatchSize of [4, 6, 9]) {
    const engine = new Harness({ maxBatchSize });
    const asked = Array.from({ length: 20 }, (_, i) => {
      const prompts = i % 3 === 0 ? [KINDS[(i / 3) % 3]!, true] : [['abc'[i % 3]!], false];
      return {
        prompts: prompts[0] as readonly string[],
        ids: range(1 + ((i * 5) % 40), i),
        maxTokens: 1 + ((i * 3) % 11),
      };
    });
    for (const [i, { prompts, ids, maxTokens }] of asked.entries()) {
      const flow = `flow-${i % 5}`;
      engine.core.generate(
        i + 1,
        prompts.length > 1
          ? ensemble(prompts, ids, { maxTokens, flow })
          : request(prompts[0]!, ids, { maxTokens, flow }),
      );
      if (i % 4 === 0) await engine.core.step();
    }
    await engine.settle();
    for (const [i, { prompts, ids, maxTokens }] of asked.entries()) {
      assert.deepEqual(engine.tokens(i + 1), together(prompts, ids, maxTokens), `request ${i}`);
    }
    const widest = Math.max(...engine.backend.runs.filter(([, s]) => s === 1).map(([batch]) => batch));
    assert.ok(widest <= maxBatchSize, `${widest} rows of ${maxBatchSize}`);
    assert.equal(engine.core.stats().kvCacheBytes, 0);
  }
});

test('members lose their rows together when memory is short, and go on where they were', async () => {
  // Room for an ensemble at its longest, and for the beginnings of more.
  const engine = new Harness({ kvCacheBytes: 4 * 128 * 32 });
  const asked = [
    { prompts: ['a', 'b'], ids: range(10), maxTokens: 150 },
    { prompts: ['c', 'a'], ids: range(10, 3), maxTokens: 150 },
    { prompts: ['b'], ids: range(8, 5), maxTokens: 150 },
  ];
  for (const [i, { prompts, ids, maxTokens }] of asked.entries()) {
    engine.core.generate(i + 1, ensemble(prompts, ids, { maxTokens, flow: `flow-${i}` }));
  }
  await engine.settle();
  for (const [i, { prompts, ids, maxTokens }] of asked.entries()) {
    assert.deepEqual(engine.tokens(i + 1), together(prompts, ids, maxTokens), `request ${i}`);
  }
  const { preemptionsTotal, kvCacheBytes } = engine.core.stats();
  assert.ok(preemptionsTotal >= 2, `${preemptionsTotal} rows were given up`);
  assert.equal(kvCacheBytes, 0);
});

test('an ensemble that is aborted, or one of whose prompts is gone or not finite, leaves nothing behind', async () => {
  for (const steps of [0, 1, 2, 3, 5]) {
    const engine = new Harness();
    engine.core.generate(1, ensemble(['a', 'b', 'c'], range(50)));
    engine.core.generate(2, request('b', [4]));
    for (let i = 0; i < steps; i++) await engine.settleOnce();
    engine.core.abort(1);
    await engine.settle();
    assert.deepEqual(engine.tokens(2), greedy([...PROMPTS.b!, 4], 8));
    assert.equal(engine.core.stats().kvCacheBytes, 0, `after ${steps} steps`);
    assert.equal(engine.core.stats().waiting, 0);
  }
  for (const [prompts, code] of [
    [['a', 'gone'], 'gone'],
    [['gone', 'a'], 'gone'],
    [['b', 'huge', 'c'], 'not_finite'],
  ] as const) {
    const engine = new Harness();
    engine.core.generate(1, ensemble(prompts, [1, 2]));
    engine.core.generate(2, request('b', [4]));
    await engine.settle();
    const last = engine.last(1);
    assert.ok(last?.type === 'error', prompts.join());
    assert.equal(last.error.code, code);
    assert.deepEqual(engine.events.get(1)!.length, 1, 'one refusal');
    assert.deepEqual(engine.tokens(2), greedy([...PROMPTS.b!, 4], 8));
    const { kvCacheBytes, waiting, running } = engine.core.stats();
    assert.deepEqual([kvCacheBytes, waiting, running], [0, 0, 0]);
  }
});

test('a run that fails, fails the ensemble once', async () => {
  const engine = new Harness();
  engine.core.generate(1, ensemble(['a', 'b'], [1, 2], { maxTokens: 30 }));
  for (let i = 0; i < 8; i++) await engine.settleOnce();
  assert.ok(engine.tokens(1).length > 0, 'it decodes');
  engine.backend.failNext = true;
  await engine.settle();
  const errors = engine.events.get(1)!.filter(({ type }) => type === 'error');
  assert.equal(errors.length, 1);
  assert.equal(engine.core.stats().kvCacheBytes, 0);
});

test('more members than rows are refused at once', async () => {
  const engine = new Harness();
  const four = ['a', 'b', 'c', 'a'];
  engine.core.generate(1, ensemble([...four, 'b'], [1]));
  // Batch work leaves a quarter of the rows to others, unless it can never run so.
  engine.core.generate(2, ensemble(four, [1], { priority: 'batch' }));
  engine.core.generate(3, ensemble(four, [1]));
  const small = new Harness({ kvCacheBytes: 2 * 64 * 32 });
  small.core.generate(1, ensemble(['a', 'b'], [1], { maxTokens: 90 }));
  await engine.settle();
  await small.settle();
  for (const event of [engine.last(1), small.last(1)]) {
    assert.ok(event?.type === 'error' && event.error.code === 'ensemble_too_large', JSON.stringify(event));
  }
  for (const id of [2, 3]) assert.deepEqual(engine.tokens(id), together(four, [1], 8));
});

test('ensembles and others are all served when few prefixes fit into the cache', async () => {
  const random = seededRandom(1);
  const below = (n: number) => Math.floor(random() * n);
  const prompts = Array.from({ length: 40 }, (_, i) => `small-cache-${i}`);
  for (const [i, prompt] of prompts.entries()) {
    PROMPTS[prompt] = Array.from({ length: 1 + below(120) }, (_, k) => 2000 + i * 130 + k);
  }
  for (const prefixCacheBytes of [4300, 5000, 20_000]) {
    for (let trial = 0; trial < 8; trial++) {
      const engine = new Harness({ maxBatchSize: 8, prefixCacheBytes, queueTimeoutMs: 3_600_000 });
      for (let id = 1; id <= 30; id++) {
        const size = below(3) === 0 ? 2 + below(7) : 1;
        const names = new Set<string>();
        while (names.size < size) names.add(prompts[below(prompts.length)]!);
        engine.core.generate(id, ensemble([...names], [5, 6, id], { flow: `${id % 5}`, maxTokens: 6 }));
      }
      for (let idle = 0; idle < 5; ) idle = (await engine.settleOnce()) ? 0 : idle + 1;
      for (let id = 1; id <= 30; id++) assert.equal(engine.last(id)?.type, 'end', `request ${id}`);
    }
  }
});

test('a flow of ensembles yields one of them, and never more than the other flow then has', async () => {
  const engine = new Harness();
  const long = { maxTokens: 100, flow: 'flood' };
  for (const id of [1, 2]) engine.core.generate(id, ensemble(['a', 'b'], [id], long));
  for (let steps = 0; engine.core.stats().running < 4; steps++) {
    assert.ok(steps < 50, 'both run');
    await engine.settleOnce();
  }
  engine.core.generate(3, request('c', [5], { maxTokens: 8 }));
  for (let steps = 0; engine.last(3)?.type !== 'end'; steps++) {
    assert.ok(steps < 40, 'the other flow waits for a whole ensemble of the flood');
    await engine.settleOnce();
  }
  assert.ok(engine.tokens(1).length < 100 && engine.tokens(2).length < 100, 'both go on');
  await engine.settle();
  assert.deepEqual(engine.tokens(3), greedy([...PROMPTS.c!, 5], 8));
  for (const id of [1, 2]) assert.deepEqual(engine.tokens(id), together(['a', 'b'], [id], 100));
});

test('an ensemble whose first member has run does not give up waiting', async () => {
  const engine = new Harness({
    queueTimeoutMs: 30,
    readBudget: 16,
    interleavedReadBudget: { least: 8, most: 8 },
  });
  engine.core.generate(1, ensemble(['a', 'b', 'c'], range(60)));
  const begun = () => engine.core.stats().queueWaitSeconds.counts.some((count) => count > 0);
  while (!begun()) await engine.settleOnce();
  await new Promise((resolve) => setTimeout(resolve, 60));
  await engine.settle();
  assert.deepEqual(engine.tokens(1), together(['a', 'b', 'c'], range(60), 8));
});

test('an ensemble of batch work that has all rows makes room for interactive work', async () => {
  const engine = new Harness();
  const batch = { priority: 'batch', maxTokens: 60, flow: 'batch' } as const;
  engine.core.generate(1, ensemble(['a', 'b', 'c', 'a'], [1], batch));
  for (let steps = 0; engine.core.stats().running < 4; steps++) {
    assert.ok(steps < 50, 'it runs');
    await engine.settleOnce();
  }
  engine.core.generate(2, request('c', [5], { maxTokens: 8 }));
  for (let steps = 0; engine.last(2)?.type !== 'end'; steps++) {
    assert.ok(steps < 20, 'interactive work waits for the whole ensemble');
    await engine.settleOnce();
  }
  await engine.settle();
  assert.deepEqual(engine.tokens(1), together(['a', 'b', 'c', 'a'], [1], 60));
});

test('members whose numbers are not finite leave none of them to the rows that follow', async () => {
  const engine = new Harness();
  const run = engine.backend.run.bind(engine.backend);
  let broken = false;
  let stale = 0;
  mock.method(engine.backend, 'run', async (inputs: StepInputs) => {
    for (const plane of inputs.pastPlanes) stale += plane.filter((value) => !Number.isFinite(value)).length;
    const outputs = await run(inputs);
    const { batch, sequence } = inputs;
    if (broken || batch < 3 || sequence > 1) return outputs;
    broken = true;
    const perRow = outputs.newKeysValues.length / engine.backend.kvShape.planes / batch;
    const isMember = (at: number): boolean => Math.floor(at / perRow) % batch > 0;
    const newKeysValues = outputs.newKeysValues.map((value, at) => (isMember(at) ? Number.NaN : value));
    const logits = outputs.logits!.map((logit, at) => (at < VOCAB ? logit : Number.NaN));
    return { ...outputs, logits, newKeysValues };
  });
  engine.core.generate(1, request('b', [4], { maxTokens: 40 }));
  while (engine.tokens(1).length === 0) await engine.settleOnce();
  engine.core.generate(2, ensemble(['a', 'b'], [1, 2], { maxTokens: 30 }));
  while (engine.core.stats().running < 3) assert.ok(await engine.settleOnce());
  while (engine.core.stats().running > 1) assert.ok(await engine.settleOnce());
  const last = engine.last(2);
  assert.ok(last?.type === 'error' && last.error.code === 'not_finite');
  engine.core.generate(3, request(null, [7]));
  engine.core.generate(4, request(null, [8]));
  await engine.settle();
  assert.equal(stale, 0);
  assert.deepEqual(engine.tokens(1), greedy([...PROMPTS.b!, 4], 40));
  for (const [id, token] of [
    [3, 7],
    [4, 8],
  ] as const) {
    assert.deepEqual(engine.tokens(id), greedy([token], 8));
  }
});

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { StepInputs } from '../../src/engine/backend.ts';
import { logSumExp } from '../../src/engine/decoding/logprobs.ts';
import { argmax } from '../../src/engine/decoding/sampler.ts';
import { KvSlab } from '../../src/engine/kv/slab.ts';
import { GREEDY, greedy, Harness, handle, PREFIXES, PROMPTS, range, request, TURN } from './core-harness.ts';
import { expectedLogits, ToyBackend } from './toy-model.ts';

test('one request without a prompt', async () => {
  const engine = new Harness();
  engine.core.generate(1, request(null, [5, 6, 7]));
  await engine.settle();
  assert.deepEqual(engine.tokens(1), greedy([5, 6, 7], 8));
  assert.deepEqual(engine.last(1), { type: 'end', reason: 'length' });
});

test('requests of many prompts, lengths and no prompt at all share the batch and do not notice', async () => {
  const engine = new Harness();
  const requests = Array.from({ length: 23 }, (_, i) => {
    const prompt = [null, 'a', 'b', 'c'][i % 4]!;
    return { prompt, ids: range(1 + ((i * 5) % 40), i), maxTokens: 1 + ((i * 3) % 11) };
  });
  for (const [i, { prompt, ids, maxTokens }] of requests.entries()) {
    engine.core.generate(i, request(prompt, ids, { maxTokens }));
    if (i % 3 === 0) await engine.core.step();
  }
  await engine.settle();
  for (const [i, { prompt, ids, maxTokens }] of requests.entries()) {
    const rows = [...(prompt === null ? [] : PROMPTS[prompt]!), ...ids];
    assert.deepEqual(engine.tokens(i), greedy(rows, maxTokens), `request ${i}`);
  }
  assert.ok(engine.backend.runs.some(([batch, sequence]) => batch === 4 && sequence === 1));
  assert.ok(engine.backend.runs.some(([batch, sequence]) => batch > 1 && sequence > 1));
  assert.equal(engine.core.stats().kvCacheBytes, 0, 'an idle engine holds no cache');
});

test('a long input is read in chunks between which running rows decode', async () => {
  const engine = new Harness();
  engine.core.generate(1, request(null, [1, 2], { maxTokens: 20 }));
  await engine.core.step();
  engine.core.generate(2, request('b', range(90)));
  await engine.settle();
  assert.deepEqual(engine.tokens(1), greedy([1, 2], 20));
  assert.deepEqual(engine.tokens(2), greedy([...PROMPTS.b!, ...range(90)], 8));
  const kinds = engine.backend.runs.map(([, sequence]) => (sequence === 1 ? 'd' : 'r')).join('');
  assert.doesNotMatch(kinds, /rrr/, 'reading runs never follow each other while a row decodes');
});

test('concurrent requests of one prompt compute its prefix once', async () => {
  const engine = new Harness();
  for (let i = 0; i < 6; i++) engine.core.generate(i, request('c', [i]));
  await engine.settle();
  assert.deepEqual(engine.requestedPrompts, ['c']);
  for (let i = 0; i < 6; i++) assert.deepEqual(engine.tokens(i), greedy([...PROMPTS.c!, i], 8));
  const stats = engine.core.stats();
  assert.equal(stats.prefixMissesTotal, 1);
  assert.equal(stats.prefixHitsTotal, 5);
  const waits = stats.queueWaitSeconds.counts.reduce((sum, count) => sum + count, 0);
  assert.equal(waits, 6, 'each request waited once, and the prefix is none');
  const { counts, sum } = stats.decodeRows;
  assert.equal(
    sum,
    stats.generatedTokensTotal - 6,
    'every token but the first of each comes of a row of a decode step',
  );
  assert.ok(
    counts.slice(1).some((steps) => steps > 0),
    'several rows in a step',
  );
});

test('prefixes beyond the byte bound are evicted, and come back right', async () => {
  const engine = new Harness({ prefixCacheBytes: 1 });
  for (const [i, prompt] of ['a', 'b', 'a'].entries()) {
    engine.core.generate(i, request(prompt, [3]));
    await engine.settle();
    assert.deepEqual(engine.tokens(i), greedy([...PROMPTS[prompt]!, 3], 8));
  }
  assert.equal(engine.core.stats().prefixEvictionsTotal, 3);
  assert.equal(engine.core.stats().prefixBytes, 0);
});

test('a prompt that cannot be loaded fails its requests only', async () => {
  const engine = new Harness();
  engine.core.generate(1, request('missing', [1]));
  engine.core.generate(2, request('a', [1]));
  await engine.settle();
  const last = engine.last(1);
  assert.ok(last?.type === 'error' && last.error.code === 'gone');
  assert.deepEqual(engine.tokens(2), greedy([1000, 1], 8));
});

test('a prompt whose keys or values are not finite is refused, and its neighbours are not touched', async () => {
  const engine = new Harness();
  engine.core.generate(1, request('huge', [1]));
  engine.core.warm(2, handle('huge'), 'interactive');
  engine.core.generate(3, request('a', [1]));
  await engine.settle();
  for (const id of [1, 2]) {
    const last = engine.last(id);
    assert.ok(last?.type === 'error' && last.error.code === 'not_finite');
  }
  assert.deepEqual(engine.tokens(3), greedy([1000, 1], 8));
});

test('an empty input continues the prompt itself', async () => {
  const engine = new Harness();
  engine.core.generate(1, request('a', []));
  engine.core.generate(2, request('c', []));
  await engine.settle();
  assert.deepEqual(engine.tokens(1), greedy(PROMPTS.a!, 8));
  assert.deepEqual(engine.tokens(2), greedy(PROMPTS.c!, 8));
});

test('a stop token ends a sequence and is not emitted', async () => {
  const engine = new Harness();
  const expected = greedy([9], 8);
  const stop = expected[3]!;
  engine.core.generate(1, request(null, [9], { stopTokenIds: [stop] }));
  await engine.settle();
  assert.deepEqual(engine.tokens(1), expected.slice(0, expected.indexOf(stop)));
  assert.deepEqual(engine.last(1), { type: 'end', reason: 'stop' });
});

test('log-probabilities of input and output are those of the full sequence', async () => {
  const engine = new Harness();
  const ids = range(40);
  engine.core.generate(1, request('b', ids, { maxTokens: 3, topLogprobs: 2, inputLogprobs: true }));
  engine.core.generate(2, request(null, ids, { maxTokens: 0, topLogprobs: 0, inputLogprobs: true }));
  await engine.settle();
  const [input, ...rest] = engine.events.get(1)!;
  assert.ok(input?.type === 'input' && input.logprobs.length === ids.length);
  const rows = [...PROMPTS.b!];
  const near = (actual: number, logits: Float32Array, id: number): void =>
    assert.ok(Math.abs(actual - (logits[id]! - logSumExp(logits))) < 1e-9);
  for (const [i, id] of ids.entries()) {
    near(input.logprobs[i]!.logprob, expectedLogits(rows), id);
    rows.push(id);
  }
  for (const event of rest) {
    if (event.type !== 'token') continue;
    const logits = expectedLogits(rows);
    near(event.detail!.logprob, logits, event.id);
    assert.equal(event.detail!.top[0]!.id, argmax(logits));
    assert.equal(event.detail!.top.length, 2);
    rows.push(event.id);
  }
  const only = engine.events.get(2)!;
  assert.deepEqual(
    only.map((event) => event.type),
    ['input', 'end'],
  );
  assert.ok(
    only[0]?.type === 'input' && only[0].logprobs[0] === null && only[0].logprobs.length === ids.length,
  );
});

test('scores of several continuations equal those of each sequence alone', async () => {
  const engine = new Harness();
  const cases = [
    { prompt: 'b', ids: range(4), continuations: [[1], [2, 3], [4, 5, 6], [1, 9]] },
    { prompt: 'c', ids: range(60, 3), continuations: [range(20), range(25, 9), [7]] },
    { prompt: null, ids: [8], continuations: [range(50)] },
    { prompt: 'a', ids: [], continuations: [[3, 4], [5]] },
    { prompt: 'c', ids: [], continuations: [range(40)] },
  ];
  for (const [i, { prompt, ids, continuations }] of cases.entries()) {
    engine.core.score(i, {
      ...TURN,
      prompt: request(prompt, []).prompt,
      inputIds: ids,
      continuations,
    });
  }
  await engine.settle();
  for (const [i, { prompt, ids, continuations }] of cases.entries()) {
    const last = engine.last(i);
    assert.ok(last?.type === 'scores');
    for (const [k, continuation] of continuations.entries()) {
      const rows = [...(prompt === null ? [] : PROMPTS[prompt]!), ...ids];
      const expected = continuation.map((id) => {
        const logits = expectedLogits(rows);
        rows.push(id);
        return logits[id]! - logSumExp(logits);
      });
      for (const [j, value] of expected.entries()) {
        assert.ok(Math.abs(last.logprobs[k]![j]! - value) < 1e-5, `case ${i} continuation ${k} token ${j}`);
      }
    }
  }
});

test('hidden states are those of each sequence alone, also in runs with other requests', async () => {
  const engine = new Harness();
  const cases = [
    { prompt: 'b', ids: range(4) },
    { prompt: 'c', ids: range(70, 3) },
    { prompt: null, ids: [8] },
    { prompt: 'a', ids: [] },
    { prompt: 'kv', ids: range(5, 2) },
  ];
  engine.core.generate(100, request('b', range(4)));
  for (const [i, { prompt, ids }] of cases.entries()) {
    const { prompt: ofPrompt } = request(prompt, []);
    engine.core.hiddenState(i, { ...TURN, prompt: ofPrompt, inputIds: ids });
    engine.core.score(50 + i, {
      ...TURN,
      prompt: ofPrompt,
      inputIds: [...ids, 1],
      continuations: [[2], [3, 4]],
    });
  }
  await engine.settle();
  for (const [i, { prompt, ids }] of cases.entries()) {
    const rows = prompt === null ? [] : (PROMPTS[prompt] ?? PREFIXES[prompt]!);
    // The toy's hidden state is its first logit.
    const state = expectedLogits([...rows, ...ids]).slice(0, 1);
    assert.deepEqual(engine.events.get(i), [{ type: 'hidden', state }], `case ${i}`);
    assert.equal(engine.last(50 + i)?.type, 'scores');
  }
  assert.deepEqual(engine.tokens(100), greedy([...PROMPTS.b!, ...range(4)], 8));
});

test('a hidden state uses the cached beginning of its input', async () => {
  const engine = new Harness({ inputCacheBytes: 1e6 });
  const { prompt } = request('c', []);
  engine.core.hiddenState(1, { ...TURN, prompt, inputIds: range(33) });
  await engine.settle();
  engine.core.hiddenState(2, { ...TURN, prompt, inputIds: [...range(32), 5] });
  await engine.settle();
  assert.equal(engine.core.stats().inputCacheHitTokensTotal, 32);
  const state = expectedLogits([...PROMPTS.c!, ...range(32), 5]).slice(0, 1);
  assert.deepEqual(engine.last(2), { type: 'hidden', state });
});

test('a hidden state that is not finite is refused', async () => {
  const engine = new Harness();
  const run = engine.backend.run.bind(engine.backend);
  mock.method(engine.backend, 'run', async (inputs: StepInputs) => {
    const outputs = await run(inputs);
    outputs.hiddenStates?.fill(Number.NaN, 0, 1);
    return outputs;
  });
  engine.core.hiddenState(1, { ...TURN, prompt: null, inputIds: [1, 2] });
  engine.core.hiddenState(2, { ...TURN, prompt: null, inputIds: [3, 4] });
  await engine.settle();
  const last = engine.last(1);
  assert.ok(last?.type === 'error' && last.error.code === 'not_finite');
  assert.equal(engine.last(2)?.type, 'hidden');
});

test('a sliding window hides old positions in reading and decoding', async () => {
  const window = 5;
  const engine = new Harness({}, new ToyBackend(window));
  engine.core.generate(1, request('c', range(40), { maxTokens: 12 }));
  engine.core.generate(2, request(null, range(3), { maxTokens: 12 }));
  await engine.settle();
  assert.deepEqual(engine.tokens(1), greedy([...PROMPTS.c!, ...range(40)], 12, window));
  assert.deepEqual(engine.tokens(2), greedy(range(3), 12, window));
});

test('an abort frees the row at once, whatever the request was doing', async () => {
  const engine = new Harness({ maxBatchSize: 2 });
  engine.core.generate(1, request('a', [1], { maxTokens: 50 }));
  engine.core.generate(2, request('b', [2], { maxTokens: 50 }));
  engine.core.generate(4, request('missing', [3]));
  engine.core.abort(4);
  await engine.core.step();
  engine.core.providePrompt('a', Float32Array.from(PROMPTS.a!));
  engine.core.providePrompt('b', Float32Array.from(PROMPTS.b!));
  while (engine.core.stats().running < 2) assert.ok(await engine.core.step());
  engine.core.generate(3, request('c', [3], { maxTokens: 5 }));
  assert.equal(engine.core.stats().running, 2);
  const before = engine.tokens(1).length;
  engine.core.abort(1);
  assert.equal(engine.core.stats().running, 1);
  await engine.settle();
  assert.equal(engine.tokens(1).length, before);
  assert.deepEqual(engine.tokens(2), greedy([...PROMPTS.b!, 2], 50));
  assert.deepEqual(engine.tokens(3), greedy([...PROMPTS.c!, 3], 5));
  assert.equal(engine.events.get(4), undefined);
  engine.core.abort(1);
  engine.core.abort(99);
});

test('a failing run fails the requests of that run, and the engine goes on', async () => {
  const engine = new Harness();
  engine.core.generate(1, request(null, [1]));
  engine.core.generate(2, request(null, [2]));
  await engine.core.step();
  await engine.core.step();
  engine.backend.failNext = true;
  await engine.core.step();
  await engine.settle();
  for (const id of [1, 2]) {
    const last = engine.last(id);
    assert.ok(last?.type === 'error' && last.error.code === 'engine_failure');
  }
  // Told once a run, with the cause that callers do not see.
  assert.equal(engine.failures.length, 1);
  engine.core.generate(3, request('a', [3]));
  engine.backend.failNext = true;
  await engine.settle();
  assert.equal(engine.last(3)?.type, 'error');
  engine.core.generate(4, request('a', [4]));
  await engine.settle();
  assert.deepEqual(engine.tokens(4), greedy([1000, 4], 8));
});

test('warm computes a prefix ahead; a request then finds it', async () => {
  const engine = new Harness();
  engine.core.warm(1, handle('b'), 'interactive');
  await engine.settle();
  assert.deepEqual(engine.last(1), { type: 'warmed' });
  const runs = engine.backend.runs.length;
  engine.core.generate(2, request('b', [1], { maxTokens: 1 }));
  await engine.settle();
  assert.equal(engine.backend.runs.length, runs + 1);
  engine.core.warm(3, handle('missing'), 'interactive');
  await engine.settle();
  assert.equal(engine.last(3)?.type, 'error');
});

test('a prompt of keys and values enters the cache as it is, without a run', async () => {
  const engine = new Harness();
  engine.core.warm(1, handle('kv'), 'interactive');
  await engine.settle();
  assert.deepEqual(engine.last(1), { type: 'warmed' });
  assert.equal(engine.backend.runs.length, 0);
  engine.core.generate(2, request('kv', [1, 2]));
  await engine.settle();
  assert.deepEqual(engine.tokens(2), greedy([...PREFIXES.kv!, 1, 2], 8));
});

test('the log-probabilities of a long input come in pieces, none of which is much to read', async () => {
  const engine = new Harness();
  const ids = range(300).map((id) => id % 50);
  engine.core.generate(1, request(null, ids, { maxTokens: 0, topLogprobs: 1, inputLogprobs: true }));
  await engine.settle();
  const pieces = engine.events.get(1)!.flatMap((event) => (event.type === 'input' ? [event.logprobs] : []));
  assert.deepEqual(
    pieces.map(({ length }) => length),
    [128, 128, 44],
  );
  assert.deepEqual(
    pieces.flat().map((detail) => detail === null),
    ids.map((_, at) => at === 0),
  );
});

test('behind keys and values nothing predicts the first input token', async () => {
  const engine = new Harness();
  engine.core.generate(1, request('kv', [1, 2], { maxTokens: 1, topLogprobs: 0, inputLogprobs: true }));
  await engine.settle();
  const [input] = engine.events.get(1)!;
  assert.ok(input?.type === 'input');
  const logits = expectedLogits([...PREFIXES.kv!, 1]);
  assert.equal(input.logprobs[0], null);
  assert.ok(Math.abs(input.logprobs[1]!.logprob - (logits[2]! - logSumExp(logits))) < 1e-6);
});

test('memory for keys and values bounds the batch, and everyone is served in the end', async () => {
  // Room for two rows of 64 positions: 2 planes * 2 heads * 2 dims * 4 bytes = 32 bytes a position.
  const engine = new Harness({ kvCacheBytes: 2 * 64 * 32 });
  for (let i = 0; i < 6; i++) engine.core.generate(i, request(null, [i + 1], { maxTokens: 9 }));
  engine.core.generate(6, request(null, range(70), { maxTokens: 30 }));
  await engine.settle();
  for (let i = 0; i < 6; i++) assert.deepEqual(engine.tokens(i), greedy([i + 1], 9));
  assert.deepEqual(engine.tokens(6), greedy(range(70), 30));
  assert.ok(engine.backend.runs.every(([batch, sequence]) => sequence > 1 || batch <= 2));
});

test('rows that outgrow the memory give way to older ones and go on later, sampling where they were', async () => {
  // Room for three rows of 64 positions, or for one of 192 or less: 32 bytes a position.
  const sampling = { ...GREEDY, temperature: 1.5, seed: 7, repetitionPenalty: 1.3 };
  const tight = new Harness({ kvCacheBytes: 4 * 64 * 32 });
  const roomy = new Harness();
  for (const engine of [tight, roomy]) {
    for (let i = 0; i < 3; i++) {
      engine.core.generate(i, request('a', [i + 1], { maxTokens: 150, sampling, flow: `${i}` }));
    }
    engine.core.generate(3, request('a', range(30), { maxTokens: 5, inputLogprobs: true, topLogprobs: 2 }));
    await engine.settle();
  }
  for (const id of [0, 1, 2, 3])
    assert.deepEqual(tight.events.get(id), roomy.events.get(id), `request ${id}`);
  assert.equal(tight.tokens(2).length, 150);
  assert.ok(tight.core.stats().preemptionsTotal > 0);
  assert.equal(roomy.core.stats().preemptionsTotal, 0);
  assert.ok(tight.backend.runs.every(([batch, sequence, past]) => sequence > 1 || batch * past * 32 <= 8192));
});

test('one flow does not keep all rows from another, and what gave way ends as it would have', async () => {
  for (const inputCacheBytes of [0, 1e6]) {
    const engine = new Harness({ inputCacheBytes });
    const long = { flow: 'flood', maxTokens: 100 };
    for (let i = 0; i < 6; i++) engine.core.generate(i, request(null, range(20, i), long));
    while (engine.core.stats().running < 4) assert.ok(await engine.core.step());
    engine.core.generate(6, request(null, [5], { maxTokens: 12 }));
    for (let steps = 0; engine.last(6)?.type !== 'end'; steps++) {
      assert.ok(steps < 40, 'the other flow waits for a whole stream of the flood');
      await engine.core.step();
    }
    await engine.settle();
    assert.deepEqual(engine.tokens(6), greedy([5], 12));
    for (let i = 0; i < 6; i++) {
      assert.deepEqual(engine.tokens(i), greedy(range(20, i), 100));
    }
    assert.ok(engine.core.stats().preemptionsTotal > 0);
  }
});

test('a preempted request can be aborted while it waits', async () => {
  const engine = new Harness({ kvCacheBytes: 4 * 64 * 32 });
  for (let i = 0; i < 3; i++) engine.core.generate(i, request(null, [i + 1], { maxTokens: 150 }));
  while (engine.core.stats().preemptionsTotal === 0) assert.ok(await engine.core.step());
  const { running, waiting } = engine.core.stats();
  assert.equal(running + waiting, 3);
  for (let i = 0; i < 3; i++) engine.core.abort(i);
  assert.deepEqual(
    [engine.core.stats().running, engine.core.stats().waiting, engine.core.stats().kvCacheBytes],
    [0, 0, 0],
  );
});

test('a request that waits too long is refused, one that has begun is not', async () => {
  const engine = new Harness({ maxBatchSize: 1, queueTimeoutMs: 1 });
  engine.core.generate(1, request(null, [1], { maxTokens: 30 }));
  await engine.core.step();
  engine.core.generate(2, request(null, [2]));
  await new Promise((resolve) => setTimeout(resolve, 5));
  await engine.settle();
  assert.deepEqual(engine.tokens(1), greedy([1], 30));
  const last = engine.last(2);
  assert.ok(last?.type === 'error' && last.error.code === 'queue_timeout' && last.error.retryAfter! > 0);
});

test('the beginning of an input that was seen before is not read again', async () => {
  const engine = new Harness({ inputCacheBytes: 1e6 });
  const template = range(40);
  const run = async (id: number, prompt: string | null, ids: number[]): Promise<number> => {
    const before = engine.core.stats().prefillTokensTotal;
    engine.core.generate(id, request(prompt, ids));
    await engine.settle();
    const rows = prompt === null ? [] : PROMPTS[prompt]!;
    assert.deepEqual(engine.tokens(id), greedy([...rows, ...ids], 8), `request ${id}`);
    return engine.core.stats().prefillTokensTotal - before;
  };
  assert.equal(await run(1, null, [...template, 1, 2]), 42);
  // Two blocks of 16 are the same, the third is not whole.
  assert.equal(await run(2, null, [...template, 3]), 41 - 32);
  // Behind another prompt the same tokens have other keys and values.
  assert.equal(await run(3, 'b', [...template, 3]), 41 + PROMPTS.b!.length);
  assert.equal(await run(4, 'b', [...template, 5, 6]), 42 - 32);
  // At least one token is read, for its logits.
  assert.equal(await run(5, null, template.slice(0, 32)), 16);
  // What was generated counts as well, as in the history of a chat.
  const history = [...template, 3, ...engine.tokens(2)];
  assert.equal(await run(6, null, [...history, 9]), history.length + 1 - 48);
  assert.equal(engine.core.stats().inputCacheHitTokensTotal, 32 + 32 + 16 + 48);
});

test('scores use the cached beginning of their input', async () => {
  const engine = new Harness({ inputCacheBytes: 1e6 });
  const score = async (id: number, ids: number[]) => {
    const continuations = [[1, 2], [3]];
    engine.core.score(id, { ...TURN, prompt: request('c', []).prompt, inputIds: ids, continuations });
    await engine.settle();
    const last = engine.last(id);
    assert.ok(last?.type === 'scores');
    return last.logprobs;
  };
  await score(1, range(33));
  const cached = await score(2, [...range(32), 5]);
  assert.equal(engine.core.stats().inputCacheHitTokensTotal, 32);
  const fresh = new Harness();
  fresh.core.score(1, {
    ...TURN,
    prompt: request('c', []).prompt,
    inputIds: [...range(32), 5],
    continuations: [[1, 2], [3]],
  });
  await fresh.settle();
  assert.deepEqual(fresh.last(1), { type: 'scores', logprobs: cached });
});

test('requests far back in the queue hold no prefix', async () => {
  // Room for one prefix of up to 16 positions: 32 bytes a position.
  const engine = new Harness({ maxBatchSize: 1, prefixCacheBytes: 16 * 32 });
  const prompts = ['a', 'b', 'c'];
  for (let i = 0; i < 9; i++) engine.core.generate(i, request(prompts[i % 3]!, [i + 1]));
  await engine.core.step();
  assert.deepEqual(engine.requestedPrompts, ['a'], 'the others are not even asked for');
  let most = 0;
  while (engine.core.stats().waiting + engine.core.stats().running > 0) {
    await engine.settle();
    most = Math.max(most, engine.core.stats().prefixBytes);
  }
  assert.ok(most <= 16 * 32);
  for (let i = 0; i < 9; i++) {
    assert.deepEqual(engine.tokens(i), greedy([...PROMPTS[prompts[i % 3]!]!, i + 1], 8));
  }
});

test('memory that cannot be had fails the requests of that run only', async () => {
  const engine = new Harness();
  engine.core.generate(1, request(null, [1, 2]));
  engine.core.generate(2, request(null, [3]));
  await engine.core.step();
  const allocation = mock.method(
    KvSlab.prototype,
    'addRow',
    () => {
      throw new RangeError('Array buffer allocation failed');
    },
    { times: 1 },
  );
  await engine.settle();
  allocation.mock.restore();
  const failed = engine.last(1);
  assert.ok(failed?.type === 'error' && failed.error.code === 'engine_failure');
  assert.deepEqual(engine.tokens(2), greedy([3], 8));
  assert.equal(engine.failures.length, 1);
});

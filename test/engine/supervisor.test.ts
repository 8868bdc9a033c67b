import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { GenerateRequest } from '../../src/domain/engine.ts';
import { DEFAULT_SAMPLING } from '../../src/domain/sampling.ts';
import { sharedNow } from '../../src/engine/shared-clock.ts';
import { createEngine, type EngineFailure } from '../../src/engine/supervisor.ts';
import { type Bundle, bundleFormat } from '../../src/model/bundle.ts';
import { TINY } from '../families/tiny-model.ts';
import { FakeWorker } from './fake-worker.ts';

const STALL_MS = 4000;

const BUNDLE: Bundle = {
  directory: '/nowhere',
  manifest: {
    format: bundleFormat('float32'),
    id: 'tiny',
    hash: 'a'.repeat(64),
    precision: 'float32',
    config: TINY,
    aliases: [],
    createdAt: 0,
    source: { description: 'none', files: [] },
    tokens: { bos: null, eos: [0] },
    chatTemplate: null,
    files: {},
  },
};

const REQUEST: GenerateRequest = {
  prompt: null,
  inputIds: [1, 2],
  maxTokens: 4,
  stopTokenIds: [],
  sampling: { ...DEFAULT_SAMPLING, seed: 0 },
  topLogprobs: null,
  inputLogprobs: false,
  flow: 'task',
  priority: 'interactive',
};

/** An engine whose first worker is loaded, over fake workers. */
async function startEngine(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const workers: FakeWorker[] = [];
  const restarts: string[] = [];
  const failures: EngineFailure[] = [];
  let restarted = 0;
  const engine = createEngine({
    bundle: BUNDLE,
    prompts: { load: async () => new Float32Array() },
    threads: 1,
    maxBatchSize: 2,
    maxQueueLength: 2,
    kvCacheBytes: 2 ** 20,
    prefixCacheBytes: 0,
    inputCacheBytes: 0,
    queueTimeoutMs: 1000,
    maxQueueWaitMs: 1000,
    stallMs: STALL_MS,
    startWorker: (init) => {
      const worker = new FakeWorker(init);
      workers.push(worker);
      return worker.asWorker;
    },
    onFailure: assert.fail,
    onRestart: ({ message }) => restarts.push(message),
    onRestarted: () => restarted++,
    onFatal: (failure) => failures.push(failure),
  });
  const load = async (): Promise<void> => {
    workers.at(-1)!.say({ type: 'ready' });
    await turn();
  };
  return { engine, workers, restarts, failures, load, restarted: () => restarted };
}

/** Lets so many of the looks pass of which four make up the stall time. */
async function looks(t: TestContext, count: number): Promise<void> {
  for (let look = 0; look < count; look++) {
    t.mock.timers.tick(STALL_MS / 4);
    await turn();
  }
}

const signal = new AbortController().signal;

describe('supervisor', () => {
  it('refuses what comes while the model loads', async (t) => {
    const { engine, load } = await startEngine(t);
    assert.equal(engine.phase, 'loading');
    assert.throws(() => engine.generate(REQUEST, signal), { kind: 'unavailable', code: 'loading' });
    await assert.rejects(engine.stats(), { code: 'loading' });
    await load();
    await engine.loaded;
    assert.equal(engine.phase, 'ready');
    engine.generate(REQUEST, signal);
  });

  it('fails only the requests that were in a worker when it ended, and starts another', async (t) => {
    const { engine, workers, restarts, failures, load, restarted } = await startEngine(t);
    await load();
    const events = engine.generate(REQUEST, signal)[Symbol.asyncIterator]();
    workers[0]!.tell(1, { type: 'token', id: 7, detail: null });
    assert.equal((await events.next()).value.id, 7);
    const scored = engine.score({ ...REQUEST, continuations: [[1]] }, signal);
    workers[0]!.end(new Error('out of memory'));
    const lost = { kind: 'unavailable', code: 'engine_restarted', retryAfter: 5 };
    await assert.rejects(events.next(), lost);
    await assert.rejects(scored, lost);
    assert.equal(engine.phase, 'restarting');
    assert.throws(() => engine.generate(REQUEST, signal), { kind: 'unavailable', code: 'restarting' });
    assert.deepEqual([restarts, restarted()], [['out of memory'], 0]);

    await load();
    assert.deepEqual([engine.phase, restarted(), workers.length], ['ready', 1, 2]);
    const again = engine.generate(REQUEST, signal)[Symbol.asyncIterator]();
    workers[1]!.tell(1, { type: 'token', id: 8, detail: null });
    assert.equal((await again.next()).value.id, 8);
    assert.deepEqual(failures, []);
  });

  it('counts on over restarts; gauges are those of the new worker', async (t) => {
    const { engine, workers, load } = await startEngine(t);
    await load();
    workers[0]!.stats = { ...workers[0]!.stats, stepsTotal: 5, running: 3 };
    assert.equal((await engine.stats()).stepsTotal, 5);
    workers[0]!.end(new Error('gone'));
    await turn();
    await load();
    workers[1]!.stats = { ...workers[1]!.stats, stepsTotal: 2, running: 1 };
    for (let reads = 0; reads < 2; reads++) {
      const { stepsTotal, running, restartsTotal } = await engine.stats();
      assert.deepEqual(
        { stepsTotal, running, restartsTotal },
        { stepsTotal: 7, running: 1, restartsTotal: 1 },
      );
    }
  });

  it('gives up after three ends within a minute, and when the model cannot be loaded again', async (t) => {
    const loop = await startEngine(t);
    await loop.load();
    for (let ends = 0; ends < 3; ends++) {
      assert.deepEqual(loop.failures, []);
      loop.workers.at(-1)!.end(new Error(`end ${ends}`));
      await turn();
      if (ends < 2) await loop.load();
    }
    assert.deepEqual([loop.workers.length, loop.failures.length], [3, 1]);
    assert.deepEqual([loop.failures[0]!.error.message, loop.failures[0]!.hung], ['end 2', false]);
    assert.throws(() => loop.engine.generate(REQUEST, signal), { code: 'restarting' });
    await loop.engine.close(0);

    t.mock.timers.reset();
    const gone = await startEngine(t);
    await gone.load();
    gone.workers[0]!.end(new Error('first'));
    await turn();
    gone.workers[1]!.end(new Error('no such file'));
    await turn();
    assert.deepEqual(
      gone.failures.map(({ error, hung }) => [Object(error).code, hung]),
      [['model_unloadable', false]],
    );
  });

  it('replaces a worker that does not answer, unless it is inside a step', async (t) => {
    const { engine, workers, failures, load } = await startEngine(t);
    await load();
    await looks(t, 20);
    assert.equal(workers.length, 1, 'one that answers stays');

    workers[0]!.answers = false;
    const scored = engine.score({ ...REQUEST, continuations: [[1]] }, signal);
    scored.catch(() => undefined);
    await looks(t, 8);
    assert.deepEqual([workers.length, workers[0]!.terminated], [2, true]);
    await assert.rejects(scored, { code: 'engine_restarted' });
    await load();

    workers[1]!.answers = false;
    workers[1]!.inStep.set(true);
    const stuck = engine.score({ ...REQUEST, continuations: [[1]] }, signal);
    stuck.catch(() => undefined);
    await looks(t, 8);
    assert.deepEqual([workers.length, workers[1]!.terminated], [2, false], 'its thread cannot be ended');
    await assert.rejects(stuck, { code: 'engine_restarted' });
    assert.deepEqual(
      failures.map(({ hung }) => hung),
      [true],
    );
    // Closing does not wait for the thread.
    await engine.close(0);
  });

  it('hands on as many messages of a worker in a turn of the event loop as there is time for', async (t) => {
    const { engine, workers, load } = await startEngine(t);
    await load();
    const worker = workers[0]!;
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    t.after(() => {
      counting = false;
    });
    /** In which turn each event came to a reader that needs `ms` for each. */
    const turnsOf = async (id: number, ms: number): Promise<number[]> => {
      const found: number[] = [];
      const events = engine.generate(REQUEST, signal);
      // As Node does with what waits for it: all in one turn.
      for (let token = 0; token < 3; token++) worker.tell(id, { type: 'token', id: token, detail: null });
      worker.tell(id, { type: 'end', reason: 'length' });
      const first = turns;
      for await (const _ of events) {
        found.push(turns - first);
        const end = performance.now() + ms;
        while (performance.now() < end);
      }
      return found;
    };
    assert.deepEqual(await turnsOf(1, 0), [0, 0, 0, 0]);
    await turn();
    assert.deepEqual(await turnsOf(2, 10), [0, 1, 2, 3]);
    assert.equal(worker.received.filter(({ type }) => type === 'taken').length, 8);
  });

  it('checks and copies an input once for all its choices', async (t) => {
    const { engine, workers, load } = await startEngine(t);
    await load();
    engine.generate(REQUEST, signal);
    engine.generate({ ...REQUEST, maxTokens: 2 }, signal);
    engine.generate({ ...REQUEST, inputIds: [...REQUEST.inputIds] }, signal);
    const sent = workers[0]!.received.flatMap((message) =>
      message.type === 'generate' ? [message.request] : [],
    );
    assert.deepEqual(
      sent.map(({ inputIds }) => [...inputIds]),
      [1, 2, 3].map(() => REQUEST.inputIds),
    );
    assert.equal(sent[0]!.inputIds, sent[1]!.inputIds);
    assert.notEqual(sent[0]!.inputIds, sent[2]!.inputIds);
    const outside = { ...REQUEST, flow: 'other', inputIds: [TINY.vocabSize] };
    assert.throws(() => engine.generate(outside, signal), { code: 'invalid_token_id', param: 'prompt' });
    assert.throws(() => engine.generate(outside, signal), { code: 'invalid_token_id' });
  });

  it('closes in order, also while another worker is loaded', async (t) => {
    const { engine, workers, failures, load } = await startEngine(t);
    await load();
    const scored = engine.score({ ...REQUEST, continuations: [[1]] }, signal);
    scored.catch(() => undefined);
    workers[0]!.end(new Error('gone'));
    await turn();
    await engine.close(0);
    assert.deepEqual(workers[1]!.received, [{ type: 'shutdown' }]);
    assert.deepEqual(failures, []);
    assert.throws(() => engine.generate(REQUEST, signal), { code: 'draining' });
  });

  it('learns how long rows are kept from when things happened, not from when it heard of them', async (t) => {
    const { engine, workers, load } = await startEngine(t);
    await load();
    const events = engine.generate(REQUEST, signal);
    const began = sharedNow();
    workers[0]!.tell(1, { type: 'token', id: 7, detail: null }, began);
    workers[0]!.tell(1, { type: 'end', reason: 'length' }, began + 60_000);
    for await (const _ of events);
    for (let i = 0; i < 2; i++) engine.generate({ ...REQUEST, flow: `task ${i}` }, signal);
    // Both rows are taken for a minute.
    assert.throws(() => engine.generate({ ...REQUEST, flow: 'late' }, signal), { code: 'queue_wait' });
    assert.throws(() => engine.assertTurn({ flow: 'late', priority: 'interactive' }), {
      code: 'queue_wait',
      retryAfter: 60,
    });
    engine.assertTurn({ flow: 'late', priority: 'batch' });
  });

  it('says that there is no room before any work', async (t) => {
    const { engine, load } = await startEngine(t);
    assert.throws(() => engine.assertRoom(), { code: 'loading' });
    await load();
    for (let i = 0; i < 4; i++) {
      engine.assertRoom();
      engine.generate({ ...REQUEST, flow: `task ${i}`, priority: 'batch' }, signal);
    }
    assert.throws(() => engine.assertRoom(), { kind: 'contended', code: 'queue_full' });
  });
});

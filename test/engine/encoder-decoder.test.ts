import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { GenerateRequest } from '../../src/domain/engine.ts';
import type { Backend, EncodeInputs } from '../../src/engine/backend.ts';
import { EngineCore } from '../../src/engine/core.ts';
import type { CoreEvent, CoreOptions } from '../../src/engine/core-contract.ts';
import { EmbeddingTable } from '../../src/engine/reading/embeddings.ts';
import { openBackend } from '../../src/engine/session.ts';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { logSoftmax } from '../support/numbers.ts';
import { RECORDINGS, type RecordedCase, readFamily } from '../support/recordings.ts';

const GREEDY = {
  temperature: 0,
  topP: 1,
  topK: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 0,
};
const TURN = { priority: 'interactive', flow: 'base' } as const;

describe('the engine over an encoder-decoder model', () => {
  const directory = mkdtempSync(join(tmpdir(), 'softprompt-t5-'));
  let backend: Backend;
  let table: EmbeddingTable;
  let cases: readonly RecordedCase[];

  before(async () => {
    const family = await readFamily(RECORDINGS, 't5');
    const target = join(directory, 'bundle');
    const options = { source: family.modelDirectory, target, id: 't5', precision: 'float32' } as const;
    const bundle = await importModel(options);
    backend = await openBackend(bundle, { threads: 1 });
    const { buffer, byteOffset, length } = readFileSync(join(target, BUNDLE_FILES.embeddings));
    const rows = new Float32Array(buffer.slice(byteOffset, byteOffset + length));
    table = new EmbeddingTable(rows, bundle.manifest.config.hiddenSize);
    cases = family.base;
  });
  after(async () => {
    await backend?.release();
    rmSync(directory, { recursive: true });
  });

  function start(options: Partial<CoreOptions> = {}, model = backend) {
    const events = new Map<number, CoreEvent[]>();
    const failures: Error[] = [];
    const limits: CoreOptions = {
      maxBatchSize: 4,
      kvCacheBytes: 1e8,
      prefixCacheBytes: 1e6,
      readBudget: 64,
      interleavedReadBudget: { least: 16, most: 32 },
      inputCacheBytes: 0,
      queueTimeoutMs: 60_000,
      ...options,
    };
    const core = new EngineCore(model, table, limits, {
      emit: (id, event) => events.set(id, [...(events.get(id) ?? []), event]),
      requestPrompt: () => assert.fail('no request has a prompt'),
      reportFailure: (error) => failures.push(error),
    });
    const tokens = (id: number): number[] =>
      (events.get(id) ?? []).flatMap((event) => (event.type === 'token' ? [event.id] : []));
    return { core, events, failures, tokens };
  }

  const request = (
    inputIds: readonly number[],
    overrides: Partial<GenerateRequest> = {},
  ): GenerateRequest => ({
    ...TURN,
    prompt: null,
    inputIds,
    maxTokens: 12,
    stopTokenIds: [],
    sampling: GREEDY,
    topLogprobs: null,
    inputLogprobs: false,
    ...overrides,
  });

  it('decodes more requests than there are rows as each would be alone', async () => {
    const { core, tokens, events } = start();
    for (let id = 0; id < 10; id++) core.generate(id, request(cases[id % cases.length]!.input_ids));
    while (await core.step());
    for (let id = 0; id < 10; id++) {
      assert.deepEqual(tokens(id), cases[id % cases.length]!.greedy_ids);
      assert.deepEqual(events.get(id)!.at(-1), { type: 'end', reason: 'length' });
    }
  });

  it('tells no hidden state of an input', async () => {
    const { core, events } = start();
    core.hiddenState(1, { ...TURN, prompt: null, inputIds: cases[0]!.input_ids });
    assert.equal(await core.step(), false);
    const [event, ...more] = events.get(1)!;
    assert.ok(event?.type === 'error' && event.error.code === 'hidden_state_unsupported');
    assert.deepEqual(more, []);
  });

  it('goes on with a sequence that lost its row', async () => {
    // Room for two rows of 128 positions, sources and outputs; then only one can grow.
    const { planes, heads, dim } = backend.kvShape;
    const { core, tokens } = start({ kvCacheBytes: 4 * 128 * planes * heads * dim * 4 });
    const long = { maxTokens: 150, priority: 'batch' } as const;
    core.generate(0, request(cases[0]!.input_ids, long));
    core.generate(1, request(cases[1]!.input_ids, long));
    while (await core.step());
    assert.equal(core.stats().preemptionsTotal, 1);

    const alone = start();
    for (const id of [0, 1]) {
      alone.core.generate(id, request(cases[id]!.input_ids, long));
      while (await alone.core.step());
      assert.equal(tokens(id).length, 150);
      assert.deepEqual(tokens(id), alone.tokens(id));
    }
  });

  it('frees the row of a request that is aborted, and keeps the rows of others', async () => {
    const { core, tokens, events } = start();
    for (const id of [0, 1, 2]) core.generate(id, request(cases[id]!.input_ids));
    for (let step = 0; step < 6; step++) await core.step();
    core.abort(0);
    const before = events.get(0)!.length;
    while (await core.step());
    assert.equal(events.get(0)!.length, before);
    assert.deepEqual(tokens(1), cases[1]!.greedy_ids);
    assert.deepEqual(tokens(2), cases[2]!.greedy_ids);
    assert.equal(core.stats().kvCacheBytes, 0);
  });

  it('scores continuations side by side as one by one, beside rows that decode', async () => {
    const { core, events, tokens } = start();
    const continuations = [[7], [7, 9, 30], [45, 46], [7, 9, 31, 32, 33]];
    const { input_ids: inputIds } = cases[0]!;
    core.generate(0, request(cases[1]!.input_ids));
    core.score(1, { ...TURN, prompt: null, inputIds, continuations });
    for (const [i, ids] of continuations.entries()) {
      core.score(2 + i, { ...TURN, prompt: null, inputIds, continuations: [ids] });
    }
    while (await core.step());
    const scores = (id: number): readonly Float64Array[] => {
      const event = events.get(id)!.at(-1)!;
      assert.ok(event.type === 'scores');
      return event.logprobs;
    };
    for (const [i, logprobs] of scores(1).entries()) {
      const alone = scores(2 + i)[0]!;
      assert.equal(logprobs.length, continuations[i]!.length);
      for (const [at, logprob] of logprobs.entries()) assert.ok(Math.abs(logprob - alone[at]!) < 1e-4);
    }
    assert.deepEqual(tokens(0), cases[1]!.greedy_ids);
  });

  for (const [precision, allowed] of [
    ['int8', 0.03],
    ['int4', 0.25],
  ] as const) {
    it(`${precision} stays near the logits of transformers`, async () => {
      const { modelDirectory } = await readFamily(RECORDINGS, 't5');
      const target = join(directory, precision);
      const bundle = await importModel({ source: modelDirectory, target, id: 't5', precision });
      const quantised = await openBackend(bundle, { threads: 1 });
      const { core, events } = start({}, quantised);
      const { input_ids: inputIds, last_logits: logits } = cases[0]!;
      core.score(0, { ...TURN, prompt: null, inputIds, continuations: logits.map((_, token) => [token]) });
      while (await core.step());
      const [event] = events.get(0)!;
      assert.ok(event?.type === 'scores', 'it answers');
      const expected = logSoftmax(logits);
      const differences = event.logprobs.map(([logprob], token) => Math.abs(logprob! - expected[token]!));
      const share = Math.max(...differences) / (Math.max(...expected) - Math.min(...expected));
      assert.ok(share > 1e-6 && share < allowed, `${share}`);
      await quantised.release();
    });
  }

  it('refuses a source that is not finite before it joins, and keeps the others', async () => {
    const { encoder } = backend;
    let runs = 0;
    const spoiling: Backend = Object.create(backend, {
      encoder: {
        value: {
          startTokenId: encoder!.startTokenId,
          async encode(inputs: EncodeInputs) {
            const keysValues = await encoder!.encode(inputs);
            if (runs++ === 0) keysValues[0] = Number.NaN; // of its first row
            return keysValues;
          },
        },
      },
    });
    const { core, events, tokens } = start({}, spoiling);
    for (const id of [0, 1]) core.generate(id, request(cases[id]!.input_ids));
    while (await core.step());
    const [event, ...more] = events.get(0)!;
    assert.ok(event?.type === 'error' && event.error.code === 'not_finite', 'it is refused');
    assert.deepEqual(more, []);
    assert.deepEqual(tokens(1), cases[1]!.greedy_ids);
  });

  it('gives the columns of a long source back when it has left', async () => {
    const { core, tokens } = start();
    const [first] = cases;
    core.generate(0, request(first!.input_ids, { maxTokens: 60 }));
    core.generate(1, request(Array.from({ length: 120 }, () => 7)));
    for (let step = 0; step < 4; step++) await core.step();
    const { planes, heads, dim } = backend.kvShape;
    const bytes = (positions: number) => positions * planes * heads * dim * 4;
    assert.equal(core.stats().kvCacheBytes, bytes(2 * 64 + 2 * 128), 'outputs and sources of two');
    core.abort(1);
    await core.step();
    assert.equal(core.stats().kvCacheBytes, bytes(2 * 64 + 64), 'one source');
    while (await core.step());
    assert.deepEqual(tokens(0).slice(0, 12), first!.greedy_ids);
  });

  it('ends a request for no tokens once its input is known to fit', async () => {
    const { core, events } = start();
    core.generate(0, request(cases[0]!.input_ids, { maxTokens: 0 }));
    while (await core.step());
    assert.deepEqual(events.get(0), [{ type: 'end', reason: 'length' }]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NearestSearch, rowNorms } from '../../src/analysis/nearest-rows.ts';
import { createPromptAnalysis } from '../../src/analysis/prompt-analysis.ts';
import { ANYONE, type Principal } from '../../src/domain/principal.ts';
import { FakeStore, MODEL_HASH, TOKEN_DIM } from '../http/fakes.ts';
import { promptFile } from '../support/prompts.ts';
import { cosine, meanOfPairs, meanRow, nearest, norm } from './naive.ts';

const never = new AbortController().signal;
const TABLE = [
  [1, 0, 0, 0],
  [0, 3, 0, 0],
  [1, 1, 1, 1],
  [0, 0, 0, 0],
  [-2, 0, 1, 0],
];
const ROWS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  one: [
    [1, 2, 0, 0],
    [0, 0, -1, 5],
  ],
  two: [
    [2, 1, 0, 1],
    [0.5, 0, 0, 0],
    [0, 0, 3, 4],
  ],
  three: [[-1, -2, 1, -5]],
  /** One row without a direction. */
  partly: [
    [0, 0, 0, 0],
    [1, 2, 0, 0],
  ],
  /** The mean has no direction, the rows have one. */
  opposed: [
    [1, 2, 0, 0],
    [-1, -2, 0, 0],
  ],
  zero: [[0, 0, 0, 0]],
};

/** Each prompt as version 1 of its task, active. */
async function setUp(names: readonly string[] = Object.keys(ROWS)) {
  const store = new FakeStore();
  for (const name of names) {
    const rows = ROWS[name]!;
    await store.putTask(name, { description: null, template: null, labels: null, defaults: null });
    store.files.set(name, promptFile(Float32Array.from(rows.flat()), rows.length, TOKEN_DIM));
    const version = { task: name, version: 1, sha256: name, peftType: 'PROMPT_TUNING' as const };
    store.versions.push({
      ...version,
      numVirtualTokens: rows.length,
      tokenDim: TOKEN_DIM,
      numLabels: null,
      bytes: 1,
      modelHash: MODEL_HASH,
      config: {} as never,
      createdAt: 0,
    });
    await store.activate(name, 1);
  }
  const table = Float32Array.from(TABLE.flat());
  const unreadable: string[] = [];
  const analysis = createPromptAnalysis({
    store,
    onUnreadable: (prompt) => unreadable.push(prompt),
    model: { hash: MODEL_HASH, tokenDim: TOKEN_DIM },
    embeddings: {
      async nearest(queries, k) {
        const search = new NearestSearch(queries, TOKEN_DIM, k);
        search.add(table, rowNorms(table, TOKEN_DIM), 0);
        return { ...search.result(), medianNorm: 2 };
      },
    },
    tokenizer: { token: (id) => (id === 4 ? undefined : `t${id}`) },
  });
  const change = (task: string, fields: object): void => {
    const at = store.versions.findIndex((version) => version.task === task);
    store.versions[at] = { ...store.versions[at]!, ...fields };
  };
  return { unreadable, store, analysis, change };
}

const only = (...tasks: readonly string[]): Principal => ({
  name: 'team',
  scopes: ['infer'],
  isLimited: true,
  allowsTask: (name) => tasks.includes(name),
});
const of = (task: string, k = 3, version = 1) => ({ caller: ANYONE, task, version, k });
const near = (given: number | null, expected: number, what: string): void =>
  assert.ok(given !== null && Math.abs(given - expected) < 1e-6, `${what}: ${given}, expected ${expected}`);

describe('neighbours of virtual tokens', () => {
  it('are those with the largest cosine, named by the tokenizer, beside the norm of the row', async () => {
    const { analysis } = await setUp();
    const { medianNorm, virtualTokens } = await analysis.neighbors(of('two'), never);
    assert.equal(medianNorm, 2);
    assert.equal(virtualTokens.length, 3);
    ROWS.two!.forEach((row, i) => {
      const { norm: length, normRatio, neighbors } = virtualTokens[i]!;
      near(length, norm(row), 'norm');
      near(normRatio, norm(row) / 2, 'ratio');
      const expected = nearest(row, TABLE, 3);
      assert.deepEqual(
        neighbors.map(({ id, token }) => [id, token]),
        expected.map(({ id }) => [id, id === 4 ? null : `t${id}`]),
      );
      for (const [j, it] of neighbors.entries()) near(it.cosine, expected[j]!.cosine, 'cosine');
    });
  });

  it('are none of a row of zeros, and at most the tokens that there are', async () => {
    const { analysis } = await setUp();
    const { virtualTokens } = await analysis.neighbors(of('partly', 50), never);
    assert.deepEqual(virtualTokens[0], { norm: 0, normRatio: 0, neighbors: [] });
    assert.equal(virtualTokens[1]!.neighbors.length, 4);
  });

  it('are refused for what has none or is not there', async () => {
    const { analysis, change, store } = await setUp();
    const refuses = (request: ReturnType<typeof of>, expected: object) =>
      assert.rejects(analysis.neighbors(request, never), expected);
    await refuses(of('absent'), { kind: 'not_found', code: 'task_not_found' });
    await refuses(of('one', 3, 9), { kind: 'not_found', code: 'version_not_found' });
    await refuses({ ...of('one'), caller: only('two') }, { code: 'task_not_found' });
    change('one', { peftType: 'PREFIX_TUNING' });
    await refuses(of('one'), { kind: 'unprocessable', code: 'no_embedding_rows', given: 'PREFIX_TUNING' });
    change('two', { modelHash: 'other' });
    await refuses(of('two'), { kind: 'conflict', code: 'model_mismatch', given: 'other' });
    change('three', { numVirtualTokens: 2001 });
    await refuses(of('three', 5), { code: 'too_many_neighbors', expected: 'at most 4', given: 5 });
    store.files.delete('zero');
    await refuses(of('zero'), { kind: 'not_found', code: 'prompt_not_found' });
  });
});

describe('the similarity of prompts', () => {
  it('is the cosine of the means, and the mean cosine of all pairs of rows, for any lengths', async () => {
    const { analysis } = await setUp();
    const names = ['one', 'two', 'three'];
    const { prompts, likeness } = await analysis.similarity(['one', 'two@1', 'three'], ANYONE, never);
    assert.deepEqual(
      prompts.map(({ id }) => id),
      ['one@1', 'two@1', 'three@1'],
    );
    names.forEach((a, i) => {
      names.forEach((b, j) => {
        const [x, y] = [ROWS[a]!, ROWS[b]!];
        near(likeness[i]![j]!.mean, cosine(meanRow(x), meanRow(y)), `mean ${a} ${b}`);
        near(likeness[i]![j]!.pairs, meanOfPairs(x, y), `pairs ${a} ${b}`);
      });
      near(likeness[i]![i]!.mean, 1, 'with itself');
    });
  });

  it('leaves rows without a direction out of the pairs, and is null where there is none at all', async () => {
    const { analysis } = await setUp();
    const ids = ['one', 'partly', 'opposed', 'zero'];
    const { likeness } = await analysis.similarity(ids, ANYONE, never);
    near(likeness[0]![1]!.pairs, meanOfPairs(ROWS.one!, ROWS.partly!), 'partly');
    near(likeness[0]![1]!.mean, cosine(meanRow(ROWS.one!), meanRow(ROWS.partly!)), 'partly');
    assert.equal(likeness[0]![2]!.mean, null);
    near(likeness[0]![2]!.pairs, 0, 'opposed rows cancel');
    assert.deepEqual(likeness[0]![3], { mean: null, pairs: null });
    assert.deepEqual(likeness[3]![3], { mean: null, pairs: null });
  });

  it('refuses names that are none, too few, too many, or come twice', async () => {
    const { analysis, change, store } = await setUp();
    const refuses = (ids: readonly string[], expected: object, caller = ANYONE) =>
      assert.rejects(analysis.similarity(ids, caller, never), expected);
    await refuses(['one'], { kind: 'invalid', code: 'prompt_count', given: 1 });
    await refuses(Array(51).fill('one'), { code: 'prompt_count', given: 51 });
    await refuses(['one', 'one@1'], { kind: 'invalid', code: 'duplicate_prompt', given: 'one@1' });
    await refuses(['one', 'two@x'], { kind: 'invalid', code: 'invalid_version' });
    await refuses(['one', 'nine'], { kind: 'not_found', code: 'task_not_found', given: 'nine' });
    await refuses(['one', 'two@2'], { kind: 'not_found', code: 'version_not_found', given: 2 });
    await refuses(['one', 'two'], { code: 'task_not_found', given: 'two' }, only('one'));
    change('two', { peftType: 'PREFIX_TUNING' });
    await refuses(['one', 'two'], { code: 'no_embedding_rows', message: /two@1/ });
    change('three', { modelHash: 'other' });
    await refuses(['one', 'three'], { code: 'model_mismatch', message: /three@1/ });
    store.tasks.set('zero', { ...store.getTask('zero')!, activeVersion: null });
    await refuses(['one', 'zero'], { kind: 'conflict', code: 'no_active_version' });
    store.files.delete('partly');
    await refuses(['one', 'partly'], { kind: 'not_found', code: 'prompt_not_found' });
  });

  it('ends when its signal aborts', async () => {
    const { analysis } = await setUp();
    const reason = new Error('gone');
    await assert.rejects(analysis.similarity(['one', 'two'], ANYONE, AbortSignal.abort(reason)), reason);
  });
});

describe('candidates for transfer', () => {
  const ask = (measure: 'mean' | 'pairs', limit = 10, caller = ANYONE) => ({
    caller,
    target: 'one',
    limit,
    measure,
  });
  type Analysis = Awaited<ReturnType<typeof setUp>>['analysis'];
  const names = async (analysis: Analysis, request: ReturnType<typeof ask>) =>
    (await analysis.transferCandidates(request, never)).candidates.map(({ id }) => id);

  it('are the other tasks, the most alike first and those without a value last', async () => {
    const { analysis } = await setUp();
    const others = ['two', 'three', 'partly', 'opposed'];
    const ordered = (value: (name: string) => number) =>
      others.sort((a, b) => value(b) - value(a)).map((name) => `${name}@1`);
    const pairs = ordered((name) => meanOfPairs(ROWS.one!, ROWS[name]!));
    assert.deepEqual(await names(analysis, ask('pairs')), [...pairs, 'zero@1']);
    assert.deepEqual(await names(analysis, ask('pairs', 2)), pairs.slice(0, 2));
    const { target, candidates } = await analysis.transferCandidates(ask('mean'), never);
    assert.equal(target.id, 'one@1');
    assert.deepEqual(
      candidates.map(({ task }) => task),
      ['two', 'partly', 'three', 'opposed', 'zero'],
    );
    near(candidates[0]!.mean, cosine(meanRow(ROWS.one!), meanRow(ROWS.two!)), 'two');
  });

  it('are those that the caller sees and that can be compared, page by page', async () => {
    const { analysis, change, store } = await setUp();
    assert.deepEqual(await names(analysis, ask('mean', 10, only('one', 'three'))), ['three@1']);
    change('three', { modelHash: 'other' });
    change('opposed', { peftType: 'PREFIX_TUNING' });
    store.files.delete('zero');
    for (let i = 0; i < 45; i++)
      store.tasks.set(`a${i}`, { ...store.getTask('two')!, name: `a${i}`, activeVersion: null });
    assert.deepEqual(await names(analysis, ask('mean')), ['two@1', 'partly@1']);
  });

  it('are found beside a prompt that is damaged', async () => {
    const { analysis, store, unreadable } = await setUp();
    store.files.set('two', Buffer.from('damaged'));
    assert.ok(!(await names(analysis, ask('mean'))).includes('two@1'));
    assert.deepEqual(unreadable, ['two@1']);
  });

  it('are refused for a target that cannot be compared', async () => {
    const { analysis, change } = await setUp();
    const refuses = (request: object, expected: object) =>
      assert.rejects(analysis.transferCandidates({ ...ask('mean'), ...request }, never), expected);
    await refuses({ target: 'absent' }, { kind: 'not_found', code: 'task_not_found' });
    await refuses({ caller: only('two') }, { kind: 'not_found', code: 'task_not_found' });
    change('one', { modelHash: 'other' });
    await refuses({}, { kind: 'conflict', code: 'model_mismatch', param: 'target' });
  });
});

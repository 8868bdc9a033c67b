import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { PromptHandle } from '../../src/domain/engine.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { promptKey } from '../../src/domain/prompt.ts';
import { createPromptSource, readVersionValues } from '../../src/prompts/prompt-source.ts';
import { createPublisher } from '../../src/prompts/publisher.ts';
import { refused } from '../formats/files.ts';
import { countBlobs, temporaryStore } from '../store/temporary.ts';
import { peftUpload, promptFile, TINY } from './samples.ts';

/** A publisher on a real store, with an engine that only loads the rows, as a cache miss would. */
async function publishing(t: TestContext, model = TINY, file?: string) {
  const { store, file: database } = await temporaryStore(t, file === undefined ? {} : { file });
  const prompts = createPromptSource(store);
  const warmed: { handle: PromptHandle; rows: Float32Array; stored: boolean }[] = [];
  const engine = {
    failure: null as Error | null,
    limits: { maxBatchSize: 4 },
    async warm(handle: PromptHandle): Promise<void> {
      const rows = await prompts.load(handle.key);
      warmed.push({ handle, rows, stored: store.countTasks() > 0 });
      if (engine.failure !== null) throw engine.failure;
    },
  };
  const publisher = createPublisher({ store, engine, model, prompts });
  return { store, database, prompts, engine, warmed, publisher };
}

const tensor = (rows: number) => ({ kind: 'tensor', model: promptFile([rows, 64]) }) as const;

test('a prompt is warmed, stored and activated, and its rows are found by its key', async (t) => {
  const { publisher, store, prompts, warmed } = await publishing(t);
  const published = await publisher.publish('mood', peftUpload('prompt_text'), { activate: true });
  const { version, created, warnings } = published;
  assert.deepEqual([created, version.version, warnings], [true, 1, []]);
  assert.equal(store.getTask('mood')?.activeVersion, 1);
  const key = promptKey(version);
  assert.deepEqual(
    warmed.map(({ handle, stored }) => [handle, stored]),
    [[{ key, length: 10, form: 'rows' }, false]],
    'the prefix is computed before anything is stored',
  );
  const rows = await prompts.load(key);
  assert.equal(rows.length, 10 * 64);
  assert.deepEqual(warmed[0]!.rows, rows);
  assert.deepEqual(readVersionValues(store, version), rows);
});

test("the base model's id is no task's name", async (t) => {
  const { publisher, store, warmed } = await publishing(t);
  await assert.rejects(publisher.publish(TINY.id, tensor(3), { activate: true }), (error) => {
    assert.ok(error instanceof DomainError);
    assert.deepEqual([error.kind, error.code, error.given], ['conflict', 'task_name_reserved', TINY.id]);
    return true;
  });
  assert.deepEqual([store.countTasks(), warmed.length], [0, 0]);
});

test('without activation the old version keeps serving', async (t) => {
  const { publisher, store } = await publishing(t);
  await publisher.publish('mood', tensor(2), { activate: false });
  assert.equal(store.getTask('mood')?.activeVersion, null);
  await publisher.publish('mood', tensor(3), { activate: true });
  await publisher.publish('mood', tensor(4), { activate: false });
  assert.equal(store.getTask('mood')?.activeVersion, 2);
});

test('the same bytes again are no new version, and are activated when asked', async (t) => {
  const { publisher, store } = await publishing(t);
  const first = await publisher.publish('mood', tensor(2), { activate: true });
  await publisher.publish('mood', tensor(3), { activate: true });
  const again = await publisher.publish('mood', tensor(2), { activate: false });
  assert.deepEqual([again.created, again.version], [false, first.version]);
  assert.equal(store.getTask('mood')?.activeVersion, 2);
  await publisher.publish('mood', tensor(2), { activate: true });
  assert.equal(store.getTask('mood')?.activeVersion, 1);
});

test('when the engine cannot take the prompt nothing is stored', async (t) => {
  const { publisher, store, database, engine, prompts, warmed } = await publishing(t);
  engine.failure = new DomainError('unavailable', 'draining', 'The engine is draining.', { retryAfter: 1 });
  await assert.rejects(publisher.publish('mood', tensor(2), { activate: true }), refused('draining'));
  assert.equal(store.getTask('mood'), null);
  assert.equal(countBlobs(database), 0);
  await assert.rejects(prompts.load(warmed[0]!.handle.key), refused('prompt_not_found', 'not_found'));
});

test('what fails the checks never reaches the engine or the store', async (t) => {
  const { publisher, store, warmed } = await publishing(t);
  const wrong = { kind: 'tensor', model: promptFile([2, 32]) } as const;
  await assert.rejects(publisher.publish('mood', wrong, { activate: true }), refused('token_dim_mismatch'));
  await assert.rejects(
    publisher.publish('Mood', tensor(2), { activate: true }),
    refused('invalid_task_name'),
  );
  assert.equal(warmed.length, 0);
  assert.equal(store.countTasks(), 0);
});

test('activation warms first, and leaves what is missing or changed to the store', async (t) => {
  const { publisher, store, engine, warmed } = await publishing(t);
  const { version } = await publisher.publish('mood', tensor(2), { activate: true });
  await publisher.publish('mood', tensor(3), { activate: false });
  await assert.rejects(publisher.activate('mood', 2, 'other'), refused('active_version_changed'));
  await assert.rejects(publisher.activate('mood', 9), refused('version_not_found'));
  await assert.rejects(publisher.activate('unknown', 1), refused('task_not_found'));
  engine.failure = new Error('no memory');
  await assert.rejects(publisher.activate('mood', 2), /no memory/);
  assert.equal(store.getTask('mood')?.activeVersion, 1);
  engine.failure = null;
  const task = await publisher.activate('mood', 2, version.sha256);
  assert.equal(task.activeVersion, 2);
  assert.equal(warmed.at(-1)?.handle.length, 3);
});

test('prompts of another model are not activated, but can be uploaded again', async (t) => {
  const { publisher, store, database } = await publishing(t);
  await publisher.publish('mood', tensor(2), { activate: true });
  await store.close();
  const other = await publishing(t, { ...TINY, hash: 'b'.repeat(64) }, database);
  await assert.rejects(other.publisher.activate('mood', 1), refused('model_mismatch', 'unprocessable'));
  const { created, version } = await other.publisher.publish('mood', tensor(2), { activate: true });
  assert.deepEqual([created, version.version], [true, 2]);
  assert.equal(other.store.getTask('mood')?.activeVersion, 2);
});

test('staged rows are served while any holder needs them', async (t) => {
  const { prompts } = await publishing(t);
  const rows = Float32Array.of(1, 2);
  let finish = () => {};
  const slow = prompts.withStaged(
    'PROMPT_TUNING:x',
    rows,
    () => new Promise<void>((resolve) => (finish = resolve)),
  );
  await prompts.withStaged('PROMPT_TUNING:x', rows, async () => {});
  const loaded = await prompts.load('PROMPT_TUNING:x');
  assert.deepEqual(loaded, rows);
  assert.notEqual(loaded.buffer, rows.buffer, 'the receiver may transfer its copy');
  finish();
  await slow;
  await assert.rejects(prompts.load('PROMPT_TUNING:x'), refused('prompt_not_found'));
});

test('keys that are none', async (t) => {
  const { prompts } = await publishing(t);
  for (const key of ['', ':', 'LORA:x', 'PROMPT_TUNING', `PROMPT_TUNING:${'0'.repeat(64)}`]) {
    await assert.rejects(prompts.load(key), refused('prompt_not_found', 'not_found'), key);
  }
});

test('a plan is checked and all of it warmed before the task serves with it', async (t) => {
  const { publisher, store, engine, warmed } = await publishing(t);
  for (const rows of [2, 3, 4]) await publisher.publish('mood', tensor(rows), { activate: rows === 2 });
  warmed.length = 0;
  const plan = { type: 'ensemble', versions: [2, 1], shadow: 3 } as const;
  assert.deepEqual((await publisher.serve('mood', plan)).serving, plan);
  assert.deepEqual(
    warmed.map(({ handle }) => handle.length),
    [3, 2, 4],
  );
  assert.deepEqual((await publisher.rollBack('mood')).serving, { type: 'version', version: 1, shadow: null });
  await assert.rejects(publisher.rollBack('mood'), refused('nothing_to_roll_back', 'conflict'));

  const twice = { type: 'ensemble', versions: [2, 2], shadow: null } as const;
  await assert.rejects(publisher.serve('mood', twice), refused('invalid_serving_plan', 'unprocessable'));
  const many = { type: 'ensemble', versions: [1, 2, 3, 4, 5], shadow: null } as const;
  await assert.rejects(publisher.serve('mood', many), refused('ensemble_too_large', 'unprocessable'));
  engine.failure = new Error('no memory');
  await assert.rejects(publisher.serve('mood', plan), /no memory/);
  assert.equal(store.getTask('mood')?.activeVersion, 1, 'what serves is what served');
});

test('versions with other heads, or for another model, do not serve together', async (t) => {
  const { publisher, store } = await publishing(t);
  const [first, second] = [await publisher.publish('mood', tensor(2), { activate: true }), tensor(3)];
  const { version } = await publisher.publish('mood', second, { activate: false });
  const file = store.readFile(version.sha256)!;
  // As the validation of an adapter of SEQ_CLS would add it.
  await store.addVersion({ ...version, numLabels: 3, modelHash: TINY.hash, peftType: 'P_TUNING', file });
  const mixed = { type: 'ensemble', versions: [1, 3], shadow: null } as const;
  await assert.rejects(publisher.serve('mood', mixed), refused('mixed_heads', 'unprocessable'));
  await store.addVersion({ ...version, modelHash: 'f'.repeat(64), file });
  const foreign = { type: 'version', version: 4, shadow: null } as const;
  await assert.rejects(publisher.serve('mood', foreign), refused('model_mismatch', 'unprocessable'));
  assert.equal(store.getTask('mood')?.activeVersion, first.version.version);
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { PromptPublisher } from '../src/domain/publishing.ts';
import type { TaskStore } from '../src/domain/store.ts';
import { registerExamples } from '../src/examples.ts';
import { type Bundle, describeModel } from '../src/model/bundle.ts';
import { importModel } from '../src/model/import.ts';
import { loadTokenizer, type Tokenizer } from '../src/model/tokenizer.ts';
import { createPromptSource } from '../src/prompts/prompt-source.ts';
import { createPublisher } from '../src/prompts/publisher.ts';
import { EMPTY, temporaryStore } from './store/temporary.ts';
import { RECORDINGS, readFamily } from './support/recordings.ts';

const NAMES = ['capital', 'opposite', 'sentiment'];

describe('the example tasks', () => {
  let directory: string;
  let bundle: Bundle;
  let tokenizer: Tokenizer;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'softprompt-examples-'));
    const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
    const target = join(directory, 'bundle');
    bundle = await importModel({ source: modelDirectory, target, id: 'tiny', precision: 'float32' });
    tokenizer = await loadTokenizer(bundle);
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** Registers as a start does; the process is killed instead of the write number `kill`. */
  async function start(store: TaskStore, kill = Number.POSITIVE_INFINITY): Promise<boolean> {
    let writes = 0;
    const dying = new Proxy(store, {
      get(target, name: keyof TaskStore) {
        const member = target[name].bind(target) as (...args: never[]) => unknown;
        if (!['putTask', 'addVersion', 'activate'].includes(name)) return member;
        return async (...args: never[]) => {
          if (writes++ === kill) throw new Error('killed');
          return member(...args);
        };
      },
    });
    const prompts = createPromptSource(store);
    const engine = { warm: async () => {} };
    const publisher: PromptPublisher = createPublisher({
      store: dying,
      engine,
      model: describeModel(bundle),
      prompts,
    });
    return registerExamples({ bundle, tokenizer, store: dying, publisher });
  }

  const shown = (store: TaskStore) =>
    store.listTasks({ limit: 10 }).items.map(({ name, activeVersion }) => [name, activeVersion]);
  const complete = NAMES.map((name) => [name, 1]);

  async function registered(t: TestContext): Promise<TaskStore> {
    const { store } = await temporaryStore(t);
    assert.equal(await start(store), true);
    return store;
  }

  it('are registered once in an empty store', async (t) => {
    const store = await registered(t);
    assert.deepEqual(shown(store), complete);
    assert.equal(await start(store), false);
    assert.deepEqual(shown(store), complete);
  });

  it('are completed by the next start, wherever the first was killed', async (t) => {
    let kill = 0;
    for (let killed = true; killed; kill++) {
      const { store } = await temporaryStore(t);
      killed = await start(store, kill).then(
        () => false,
        (error: Error) => error.message === 'killed',
      );
      assert.equal(await start(store), killed);
      assert.deepEqual(shown(store), complete, `killed at write ${kill}`);
    }
    assert.equal(kill, NAMES.length * 3 + 1);
  });

  it('are left as a user made them', async (t) => {
    const store = await registered(t);
    await store.deleteTask('opposite');
    await store.putTask('capital', EMPTY);
    assert.equal(await start(store), false);
    assert.deepEqual(shown(store), [
      ['capital', 1],
      ['sentiment', 1],
    ]);
    assert.equal(store.getTask('capital')?.template, null);
  });

  it('are not put beside tasks of a user', async (t) => {
    const { store } = await temporaryStore(t);
    await store.putTask('mine', EMPTY);
    assert.equal(await start(store), false);
    assert.deepEqual(shown(store), [['mine', null]]);
  });
});

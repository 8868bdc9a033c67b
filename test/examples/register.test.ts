import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { PromptPublisher } from '../../src/domain/publishing.ts';
import type { TaskStore } from '../../src/domain/store.ts';
import { type Example, registerExamples } from '../../src/examples/register.ts';
import { createPromptSource } from '../../src/prompts/prompt-source.ts';
import { createPublisher } from '../../src/prompts/publisher.ts';
import { promptFile, TINY } from '../prompts/samples.ts';
import { EMPTY, temporaryStore } from '../store/temporary.ts';

const NAMES = ['capital', 'opposite', 'sentiment'];

describe('the example tasks', () => {
  const examples: readonly Example[] = NAMES.map((task, i) => ({
    task,
    metadata: { ...EMPTY, description: `The task ${task}`, defaults: { max_tokens: 4, stop: ['\n'] } },
    prompt: async () => ({ kind: 'tensor', model: promptFile([i + 1, TINY.tokenDim]) }),
  }));

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
    const engine = { warm: async () => {}, limits: { maxBatchSize: 8 } };
    const publisher: PromptPublisher = createPublisher({ store: dying, engine, model: TINY, prompts });
    return registerExamples(examples, dying, publisher);
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
    assert.equal(kill, NAMES.length * 2 + 1);
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

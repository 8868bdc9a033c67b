import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Generation } from '../../src/domain/inference.ts';
import { countTurns, work } from '../support/turns.ts';
import { startApp } from './harness.ts';

const BATCHES = 5;

/** A generation that is all there, whose pieces are much work each; and in which turn each was asked for. */
function busyGeneration(t: TestContext): { readonly generation: Generation; readonly turns: number[] } {
  const turns: number[] = [];
  const turn = countTurns(t);
  async function* events(): AsyncGenerator<
    readonly [{ type: 'delta'; choice: 0; text: string; tokens: [] }]
  > {
    for (let batch = 0; batch < BATCHES; batch++) {
      turns.push(turn());
      work();
      yield [{ type: 'delta', choice: 0, text: 'x', tokens: [] }];
    }
  }
  async function* ended() {
    yield* events();
    yield [{ type: 'finish', choice: 0, reason: 'length' }] as const;
  }
  const usage = () => ({ promptTokens: 1, virtualTokens: 0, completionTokens: BATCHES });
  return { generation: { servedBy: 'm', choices: 1, events: ended(), usage }, turns };
}

describe('an answer that is much work', () => {
  const messages = [{ role: 'user', content: 'x' }];
  for (const [name, url, payload] of [
    ['a streamed completion', '/v1/completions', { model: 'm', prompt: 'x', stream: true }],
    ['a completion', '/v1/completions', { model: 'm', prompt: 'x' }],
    ['a streamed chat', '/v1/chat/completions', { model: 'm', messages, stream: true }],
    ['a chat', '/v1/chat/completions', { model: 'm', messages }],
  ] as const) {
    it(`lets the others have their turns between its pieces: ${name}`, async (t) => {
      const { inject, inference } = await startApp(t);
      const { generation, turns } = busyGeneration(t);
      inference.complete = async () => generation;
      inference.chat = async () => generation;
      const response = await inject({ method: 'POST', url, payload });
      assert.equal(response.statusCode, 200);
      assert.equal(turns.length, BATCHES);
      // Time is looked at from the first piece on.
      assert.ok(new Set(turns).size >= BATCHES - 1, `in the turns ${turns}`);
    });
  }
});

describe('a list that is long to find', () => {
  const LIMITED = { name: 'team', scopes: ['write'], isLimited: true } as const;
  for (const [url, tasks, isLimited] of [
    ['/v1/models', 5000, false],
    ['/v1/tasks', 5000, true],
    ['/info', 5000, true],
  ] as const) {
    it(`lets the others have their turns between its reads: ${url}`, async (t) => {
      const principal = isLimited ? { ...LIMITED, allowsTask: (name: string) => name === 'task-4999' } : null;
      const access = principal === null ? {} : { keys: { find: () => principal } };
      const { inject, store } = await startApp(t, {}, { access });
      const metadata = { description: null, template: null, labels: null, defaults: null };
      for (let i = 0; i < tasks; i++) await store.putTask(`task-${`${i}`.padStart(4, '0')}`, metadata);
      const turn = countTurns(t);
      const turns: number[] = [];
      const read = store.listTaskNames.bind(store);
      store.listTaskNames = (...asked) => {
        turns.push(turn());
        work();
        return read(...asked);
      };
      const { statusCode, body } = await inject({ url, headers: { authorization: 'Bearer secret' } });
      assert.equal(statusCode, 200);
      assert.ok(url === '/info' || body.includes('task-4999'), 'the last is found');
      assert.equal(turns.length, tasks / 1000 + 1);
      assert.equal(new Set(turns).size, turns.length, `in the turns ${turns}`);
    });
  }
});

it('large bodies that come together are read in turns of their own', async (t) => {
  const { inject, inference } = await startApp(t, { bodyBytes: 4 * 2 ** 20 });
  const payload = { model: 'm', prompt: Array.from({ length: 256 }, () => 'ж'.repeat(8000)) };
  const turn = countTurns(t);
  const turns: number[] = [];
  const complete = inference.complete.bind(inference);
  inference.complete = (...asked) => {
    turns.push(turn());
    return complete(...asked);
  };
  const sent = Array.from({ length: 4 }, () => inject({ method: 'POST', url: '/v1/completions', payload }));
  for (const response of await Promise.all(sent)) assert.equal(response.statusCode, 200);
  // A fast machine reads two of them in the time of a turn.
  assert.ok(new Set(turns).size >= 2, `in the turns ${turns}`);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Generation } from '../../src/domain/inference.ts';
import { startApp } from './harness.ts';

/** Longer than what an answer may do in one turn of the event loop. */
const BUSY_MS = 10;
const BATCHES = 5;

/** A generation that is all there, whose pieces are much work each; and in which turn each was asked for. */
function busyGeneration(): { readonly generation: Generation; readonly turns: number[] } {
  const turns: number[] = [];
  let turn = 0;
  const count = (): void => {
    turn++;
    if (turns.length < BATCHES) setImmediate(count);
  };
  setImmediate(count);
  async function* events(): AsyncGenerator<
    readonly [{ type: 'delta'; choice: 0; text: string; tokens: [] }]
  > {
    for (let batch = 0; batch < BATCHES; batch++) {
      turns.push(turn);
      const end = performance.now() + BUSY_MS;
      while (performance.now() < end);
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
      const { generation, turns } = busyGeneration();
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

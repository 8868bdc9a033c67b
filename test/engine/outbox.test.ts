import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TokenDetail } from '../../src/domain/engine.ts';
import { Outbox } from '../../src/engine/outbox.ts';
import type { WireEvent } from '../../src/engine/protocol.ts';

const alternatives = Array.from({ length: 20 }, (_, id) => ({ id, logprob: -id }));
const detail: TokenDetail = { logprob: -1, top: alternatives };

/** An outbox and the ids of the events of each message that it sent. */
function start() {
  const sent: number[][] = [];
  return { outbox: new Outbox((events) => sent.push(events.map(([id]) => id))), sent };
}

const token = (id: number): WireEvent => ({ type: 'token', id, detail: null });

describe('outbox', () => {
  it('sends all of a small step at once, and nothing when there is nothing', () => {
    const { outbox, sent } = start();
    assert.equal(outbox.flush(), true);
    for (const id of [1, 2, 3]) outbox.add(id, token(id));
    assert.equal(outbox.flush(), true);
    assert.deepEqual(sent, [[1, 2, 3]]);
  });

  it('holds back what the main thread has not taken room for', () => {
    const { outbox, sent } = start();
    const step = (id: number): boolean => {
      outbox.add(id, { type: 'input', logprobs: Array.from({ length: 195 }, () => detail) });
      return outbox.flush();
    };
    // 4,095 numbers each.
    assert.deepEqual([1, 2, 3, 4, 5, 6].map(step), [true, true, true, true, true, false]);
    assert.deepEqual(sent, [[1], [2], [3], [4], [5]]);
    outbox.taken();
    assert.equal(outbox.flush(), true);
    assert.deepEqual(sent.slice(5), [[6]]);
  });

  it('lets a thousand steps of tokens alone be ahead', () => {
    const { outbox, sent } = start();
    for (let step = 0; step < 1000; step++) {
      for (let id = 0; id < 16; id++) outbox.add(id, token(step));
      assert.equal(outbox.flush(), true);
    }
    assert.equal(sent.length, 1000);
  });

  it('cuts a large step into messages, and never an event', () => {
    const { outbox, sent } = start();
    // 21 numbers each.
    for (let id = 0; id < 300; id++) outbox.add(id, { type: 'token', id, detail });
    outbox.add(300, { type: 'input', logprobs: Array.from({ length: 1000 }, () => detail) });
    assert.equal(outbox.flush(), true);
    assert.deepEqual(
      sent.map(({ length }) => length),
      [195, 105, 1],
    );
  });

  it('forgets what nobody wants any more', () => {
    const { outbox, sent } = start();
    for (const id of [1, 2, 1, 3]) outbox.add(id, token(0));
    outbox.drop(1);
    outbox.flush();
    assert.deepEqual(sent, [[2, 3]]);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import { PushedEvents } from '../../src/inference/pushed-events.ts';

const isTooSlow = (error: unknown): boolean =>
  error instanceof DomainError && error.kind === 'unavailable' && error.code === 'reader_too_slow';

test('a reader that lets too much wait is told so, and its producer is stopped', async () => {
  let closed = 0;
  const events = new PushedEvents<number>(() => closed++, 10);
  for (let event = 0; event < 10; event++) events.push(event, 1);
  assert.deepEqual([(await events.next()).value?.length, closed], [10, 0], 'the bound itself may wait');
  for (let event = 0; event < 10; event++) events.push(event, 1);
  assert.equal(closed, 0, 'what was read makes room');
  events.push(11, 1);
  assert.equal(closed, 1);
  events.push(12, 1);
  await assert.rejects(() => events.next(), isTooSlow, 'what waited is gone');
  assert.equal((await events.next()).done, true);
  assert.equal(closed, 1);
});

test('a reader that keeps up gets any amount', async () => {
  const events = new PushedEvents<number>(() => assert.fail('it is not slow'), 10);
  for (let event = 0; event < 1000; event++) {
    events.push(event, 9);
    assert.deepEqual((await events.next()).value, [event]);
  }
  events.end();
  assert.equal((await events.next()).done, true);
});

test('what is there comes together, in order and never much', async () => {
  const events = new PushedEvents<number>(() => assert.fail('it is not slow'), 1000);
  for (let event = 0; event < 100; event++) events.push(event, 1);
  events.end();
  const lengths: number[] = [];
  const all: number[] = [];
  for await (const together of events) {
    lengths.push(together.length);
    all.push(...together);
  }
  assert.deepEqual(lengths, [32, 32, 32, 4]);
  assert.deepEqual(all, [...Array(100).keys()]);
});

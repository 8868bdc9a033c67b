import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueWait, retrySeconds } from '../../src/engine/queue-wait.ts';

/** Runs one sequence from `start` to `end`. */
function pass(wait: QueueWait, start: number, end: number): void {
  const passage = wait.enter('a');
  passage.started(start);
  passage.started(start + 1);
  passage.ended(end);
  passage.ended(end + 1);
}

test('there is no wait while rows are free, and none is guessed before anything was measured', () => {
  const wait = new QueueWait(4);
  for (let i = 0; i < 10; i++) wait.enter('a');
  assert.equal(wait.estimateMs('a', 0), 0);
  const measured = new QueueWait(4);
  pass(measured, 0, 2000);
  for (let i = 0; i < 3; i++) measured.enter('a');
  assert.equal(measured.estimateMs('a', 2000), 0);
});

test('rows become free in the order in which they were taken, and each again after the same time', () => {
  const wait = new QueueWait(4);
  pass(wait, 0, 2000); // 2 s alone count as 4 s beside three others
  for (const at of [4000, 5000, 6000, 7000]) wait.enter('a').started(at);
  assert.equal(wait.estimateMs('a', 7000), 1000);
  for (let i = 0; i < 3; i++) wait.enter('a');
  assert.equal(wait.estimateMs('a', 7000), 4000);
  for (let i = 0; i < 2; i++) wait.enter('a');
  assert.equal(wait.estimateMs('a', 7000), 1000 + 1000 + 4000);
  assert.equal(retrySeconds(wait.estimateMs('a', 7500)), 6);
});

test('rows that were taken together become free together', () => {
  const wait = new QueueWait(4);
  pass(wait, 0, 2000);
  for (let i = 0; i < 4; i++) wait.enter('a').started(2000);
  assert.equal(wait.estimateMs('a', 3000), 3000);
  for (let i = 0; i < 3; i++) wait.enter('a');
  assert.equal(wait.estimateMs('a', 3000), 3000);
  wait.enter('a');
  assert.equal(wait.estimateMs('a', 3000), 7000);
});

test('before anything has ended, a row is kept at least as long as the earliest has been', () => {
  const wait = new QueueWait(2);
  wait.enter('a').started(1000);
  wait.enter('a').started(3000);
  wait.enter('a');
  // The earliest would end now, the second after as long.
  assert.equal(wait.estimateMs('a', 5000), 2000);
});

test('a row that is kept much longer than others is not counted on, and does not make the others seem long', () => {
  const wait = new QueueWait(4);
  pass(wait, 0, 500); // 1 s in a full batch
  wait.enter('a').started(0);
  for (const at of [59_200, 59_400, 59_600]) wait.enter('a').started(at);
  assert.equal(wait.estimateMs('a', 60_000), 200);
  for (let i = 0; i < 3; i++) wait.enter('a');
  assert.equal(wait.estimateMs('a', 60_000), 1200);
});

test('durations are followed, and what never started says nothing', () => {
  const wait = new QueueWait(1);
  pass(wait, 0, 1000);
  wait.enter('a').ended(50_000);
  wait.enter('a');
  assert.equal(wait.estimateMs('a', 50_000), 1000);
  for (let i = 0; i < 100; i++) pass(wait, 0, 3000);
  assert.ok(Math.abs(wait.estimateMs('a', 50_000) - 3000) < 10, 'the mean follows');
  for (let i = 0; i < 100; i++) wait.enter('a');
  assert.equal(retrySeconds(wait.estimateMs('a', 50_000)), 60);
});

test('a row of a full batch counts as it is', () => {
  const wait = new QueueWait(2);
  const first = wait.enter('a');
  first.started(0);
  for (let at = 0; at < 100; at++) {
    const second = wait.enter('a');
    second.started(at);
    second.ended(at + 3000);
  }
  wait.enter('a').started(3000);
  wait.enter('a');
  assert.equal(wait.estimateMs('a', 3000), 3000);
});

test('a flow within its share of the rows does not wait, however many of another flow do', () => {
  const wait = new QueueWait(4);
  pass(wait, 0, 30_000); // a row of a full batch is kept for a minute
  const flood = Array.from({ length: 40 }, () => wait.enter('flood'));
  for (const passage of flood.slice(0, 4)) passage.started(70_000);
  assert.equal(wait.estimateMs('flood', 70_000), 10 * 60_000);
  // The flood yields two of the four rows, and no third.
  assert.equal(wait.estimateMs('other', 70_000), 0);
  wait.enter('other').started(70_000);
  assert.equal(wait.estimateMs('other', 70_000), 0);
  wait.enter('other').started(70_000);
  assert.ok(wait.estimateMs('other', 70_000) > 0, 'a third row');
  // A third flow: each of the three can have one row, but not two.
  assert.equal(wait.estimateMs('third', 70_000), 0);
  wait.enter('third').started(70_000);
  assert.ok(wait.estimateMs('third', 70_000) > 0, 'a second row');
});

test('flows that share a large batch keep the few rows that they have', () => {
  const wait = new QueueWait(16);
  pass(wait, 0, 1000);
  for (const flow of ['a', 'b', 'c', 'd']) for (let i = 0; i < 4; i++) wait.enter(flow).started(1000);
  assert.ok(wait.estimateMs('e', 1000) > 0, 'none of them yields');
  const flooded = new QueueWait(16);
  pass(flooded, 0, 1000);
  for (let i = 0; i < 16; i++) flooded.enter('flood').started(1000);
  assert.equal(flooded.estimateMs('e', 1000), 0);
});

test('beyond its share a flow waits for others only as far as turns are fair', () => {
  const wait = new QueueWait(4);
  pass(wait, 0, 2000);
  const flood = Array.from({ length: 40 }, () => wait.enter('flood'));
  for (const passage of flood.slice(0, 2)) passage.started(5000);
  for (let i = 0; i < 2; i++) wait.enter('other').started(6000);
  // One of the flood is ahead, then it is the turn of the other flow.
  assert.equal(wait.estimateMs('other', 6000), 3000);
  wait.enter('other');
  assert.equal(wait.estimateMs('other', 6000), 4000);
  for (const passage of flood) passage.ended(6000);
  assert.equal(wait.estimateMs('flood', 6000), 0);
});

test('a flow that asked not long ago may come in front until it has as many inside', () => {
  const wait = new QueueWait(4);
  pass(wait, 0, 2000); // a row of a full batch is kept for 4 s
  for (const [i, flow] of ['a', 'b', 'c', 'd'].entries()) wait.enter(flow).started(7000 + 1000 * i);
  // Nobody waits: the next row is for a second one of a flow.
  assert.equal(wait.estimateMs('a', 10_000), 1000);
  // The others come back when theirs have ended, and are served in turn.
  for (const flow of ['b', 'c', 'd', 'e']) wait.ask(flow, 6000);
  assert.equal(wait.estimateMs('a', 10_000), (1 + 3 + 2) * 1000);
  // Those that have not asked for as long as a row is kept do not count.
  for (const flow of ['d', 'e']) wait.ask(flow, 11_500);
  assert.equal(wait.estimateMs('a', 10_000), (1 + 1 + 2) * 1000);
});

test('a burst may wait as long as is allowed, sustained overload a small part of an answer', () => {
  const wait = new QueueWait(4);
  pass(wait, 0, 2000); // 4 s in a full batch: 1 request a second is what can be served
  const longest = (now: number) => wait.longestMs(2000, now);
  for (let i = 0; i < 8; i++) wait.ask('a', 0);
  assert.equal(longest(0), 2000);
  // Clients that wait for their answers ask as often as they are served, and a few more are refused.
  let now = 0;
  for (; now < 60_000; now += 700) wait.ask('a', now);
  assert.equal(longest(now), 2000);
  for (const end = now + 2000; now < end; now += 100) wait.ask('a', now);
  assert.equal(longest(now), 600);
  assert.equal(wait.longestMs(500, now), 500);
  assert.equal(longest(now + 10_000), 2000);
});

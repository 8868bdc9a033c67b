import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueWait } from '../../src/engine/queue-wait.ts';

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
  assert.equal(wait.estimateMs('a'), 0);
  const measured = new QueueWait(4);
  pass(measured, 0, 2000);
  for (let i = 0; i < 3; i++) measured.enter('a');
  assert.equal(measured.estimateMs('a'), 0);
});

test('each sequence ahead adds its share of the time that rows are kept', () => {
  const wait = new QueueWait(4);
  pass(wait, 1000, 3000);
  for (let i = 0; i < 8; i++) wait.enter('a');
  // Five are ahead of a row: the ninth waits until five of four rows' sequences of 2 s have ended.
  assert.equal(wait.estimateMs('a'), 2500);
  assert.equal(wait.retryAfter('a'), 3);
});

test('durations are followed, and what never started says nothing', () => {
  const wait = new QueueWait(1);
  pass(wait, 0, 1000);
  wait.enter('a').ended(50_000);
  wait.enter('a');
  assert.equal(wait.estimateMs('a'), 1000);
  for (let i = 0; i < 100; i++) pass(wait, 0, 3000);
  assert.ok(Math.abs(wait.estimateMs('a') - 3000) < 10);
  for (let i = 0; i < 100; i++) wait.enter('a');
  assert.equal(wait.retryAfter('a'), 60);
});

test('a flood of one flow is in the way of that flow, and of others only as far as turns are fair', () => {
  const wait = new QueueWait(4);
  pass(wait, 0, 4000);
  const flood = Array.from({ length: 40 }, () => wait.enter('flood'));
  for (const passage of flood.slice(0, 4)) passage.started(5000);
  assert.equal(wait.estimateMs('flood'), 37_000);
  // One of the flood is ahead, then it is the turn of the other flow.
  assert.equal(wait.estimateMs('other'), 2000);
  wait.enter('other');
  assert.equal(wait.estimateMs('other'), 4000);
  for (const passage of flood) passage.ended(6000);
  assert.equal(wait.estimateMs('flood'), 0);
});

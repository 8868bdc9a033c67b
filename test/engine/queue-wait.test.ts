import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueWait } from '../../src/engine/queue-wait.ts';

/** Runs one sequence from `start` to `end`. */
function pass(wait: QueueWait, start: number, end: number): void {
  const passage = wait.enter();
  passage.started(start);
  passage.started(start + 1);
  passage.ended(end);
  passage.ended(end + 1);
}

test('there is no wait while rows are free, and none is guessed before anything was measured', () => {
  const wait = new QueueWait(4);
  for (let i = 0; i < 10; i++) wait.enter();
  assert.equal(wait.estimateMs(), 0);
  const measured = new QueueWait(4);
  pass(measured, 0, 2000);
  for (let i = 0; i < 3; i++) measured.enter();
  assert.equal(measured.estimateMs(), 0);
});

test('each sequence ahead adds its share of the time that rows are kept', () => {
  const wait = new QueueWait(4);
  pass(wait, 1000, 3000);
  for (let i = 0; i < 8; i++) wait.enter();
  // Five are ahead of a row: the ninth waits until five of four rows' sequences of 2 s have ended.
  assert.equal(wait.estimateMs(), 2500);
  assert.equal(wait.retryAfter(), 3);
});

test('durations are followed, and what never started says nothing', () => {
  const wait = new QueueWait(1);
  pass(wait, 0, 1000);
  wait.enter().ended(50_000);
  wait.enter();
  assert.equal(wait.estimateMs(), 1000);
  for (let i = 0; i < 100; i++) pass(wait, 0, 3000);
  assert.ok(Math.abs(wait.estimateMs() - 3000) < 10);
  for (let i = 0; i < 100; i++) wait.enter();
  assert.equal(wait.retryAfter(), 60);
});

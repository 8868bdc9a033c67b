import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedLoop } from '../../bench/load/closed-loop.ts';

test('requests that cross the ends count with their share', async (t) => {
  // Two clients whose requests take 8 s each: a quarter of a request a second, though none ends inside the time.
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let waiting: (() => void)[] = [];
  const rate = closedLoop({ clients: 2, seconds: 4, warmupSeconds: 2 }, () => {
    return new Promise<void>((resolve) => waiting.push(resolve));
  });
  now = 8000;
  const answered = waiting;
  waiting = [];
  for (const resolve of answered) resolve();
  assert.equal(await rate, 0.25);
  assert.equal(waiting.length, 0, 'no request is sent after the end');
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { proveBlocking } from '../../reliability/blocking/prove.ts';

/** Of processor time; 30 on two AVX2 cores. Some of these requests took seconds. */
const LIMIT_MS = 100;

it('no request keeps the event loop from the others', async (t) => {
  const results = await proveBlocking({ tokens: 60, atOnce: 1, onAttack: () => undefined });
  for (const { name, longestMs, wrong } of results) {
    t.diagnostic(`${name}: ${Math.round(longestMs)} ms`);
    assert.deepEqual(wrong, [], name);
    assert.ok(longestMs <= LIMIT_MS, `${name}: nothing else ran for ${Math.round(longestMs)} ms`);
  }
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { proveBlocking } from '../../reliability/blocking/prove.ts';

/** Of processor time, as `npm run blocking` has it; the longest turn takes 56 on two AVX2 cores. Some took seconds. */
const LIMIT_MS = 100;
/** The longest turn parses a body of 4 MiB and checks it: on a slower machine that takes longer by as much as parsing alone. */
const PARSES = 6;

/** Milliseconds of processor time to parse 4 MiB of JSON in two-byte characters; the longest of some, as the machine is now. */
function parseMs(): number {
  const body = Buffer.from(JSON.stringify(Array.from({ length: 1024 }, () => 'ж'.repeat(2000))));
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    assert.equal(JSON.parse(body.toString()).length, 1024);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.max(...times);
}

it('no request keeps the event loop from the others', async (t) => {
  const before = parseMs();
  const results = await proveBlocking({ tokens: 60, atOnce: 1, onAttack: () => undefined });
  const limit = Math.max(LIMIT_MS, PARSES * Math.max(before, parseMs()));
  t.diagnostic(`at most ${Math.round(limit)} ms`);
  for (const { name, longestMs, wrong } of results) {
    t.diagnostic(`${name}: ${Math.round(longestMs)} ms`);
    assert.deepEqual(wrong, [], name);
    assert.ok(longestMs <= limit, `${name}: nothing else ran for ${Math.round(longestMs)} ms`);
  }
});

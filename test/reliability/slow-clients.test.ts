import assert from 'node:assert/strict';
import { it } from 'node:test';
import { proveSlowClients } from '../../reliability/lifecycle/slow-clients.ts';

it('slow clients are cut, and the others are answered', async () => {
  const options = { clients: 24, measureMs: 600, limitMs: 1000 };
  const { before, during, refused, left, stalled } = await proveSlowClients(options);
  const median = (latencies: readonly number[]): number => latencies[Math.floor(latencies.length / 2)]!;
  assert.ok(during.length > 0, 'the others were answered');
  // Far beyond the proof's bound, and of the median: so few requests on a busy machine say no more.
  assert.ok(median(during) <= 10 * median(before), `${median(during)} ms, ${median(before)} ms before`);
  assert.ok(stalled > 0, 'the one that asked for much and read nothing was cut for it');
  assert.equal(refused, 0);
  assert.ok(left <= 2, `${left} connections of slow clients were left`);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { proveDisconnects } from '../../reliability/lifecycle/disconnects.ts';

it('clients that leave at random points leave nothing behind', async () => {
  const result = await proveDisconnects({ count: 80, seed: 1, onGroup: () => undefined });
  assert.deepEqual(result.leaks, []);
  assert.ok(result.busiest > 0, 'there was work to end');
  assert.ok(result.same, 'the same answer as before');
  assert.ok(result.descriptors.after - result.descriptors.before <= 4, JSON.stringify(result.descriptors));
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { proveSlowClients } from '../../reliability/lifecycle/slow-clients.ts';

it('slow clients are cut, and the others are answered', async () => {
  const { during, refused, left } = await proveSlowClients({ clients: 24, measureMs: 1000 });
  assert.ok(during.length > 0, 'the others were answered');
  assert.equal(refused, 0);
  assert.ok(left <= 2, `${left} connections of slow clients were left`);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { proveSigterm } from '../../reliability/lifecycle/sigterm.ts';

it('SIGTERM cuts no stream and ends the process in time', async () => {
  const result = await proveSigterm({ rounds: 2, streams: 12, seed: 1, onRound: () => undefined });
  const { ends, otherCodes, badExits, late } = result;
  assert.deepEqual(
    { cut: ends.cut, otherCodes, badExits, late },
    { cut: 0, otherCodes: [], badExits: [], late: 0 },
  );
  assert.equal(ends.finished + ends.told + ends.refused, 24);
  assert.ok(ends.finished >= 12, 'with time to finish they finish');
});

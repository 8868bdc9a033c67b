import assert from 'node:assert/strict';
import { it } from 'node:test';
import { VersionCounts } from '../../src/http/metrics/version-stats.ts';

it('versions are kept up to a bound, those of ensembles as well', () => {
  const counts = new VersionCounts();
  const ended = { outcome: 'ok', usage: null, seconds: 1 } as const;
  for (let i = 0; i < 3000; i++) counts.add(`t${i}@1+2+3+4`, ended);
  let kept = 0;
  for (let i = 0; i < 3000; i++) for (const v of [1, 2, 3, 4]) kept += counts.of(`t${i}`, v).requests;
  assert.equal(kept, 10_000);
  assert.equal(counts.of('t2999', 4).requests, 1, 'the latest stay');
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { account } from '../../reliability/accounting/account.ts';
import { prepareTasks } from '../../reliability/accounting/tasks.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

it('what clients were told equals what /metrics counted', async () => {
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  const service = await startTestService({ source: modelDirectory, name: 'tiny' });
  try {
    const findings = await account({
      url: service.url,
      models: ['tiny', ...(await prepareTasks(service.url))],
      requests: 150,
      clients: 8,
      seed: 1,
      onProgress: () => undefined,
    });
    for (const { what, measured, met } of findings) assert.equal(met, true, `${what}: ${measured}`);
  } finally {
    await service.close();
  }
});

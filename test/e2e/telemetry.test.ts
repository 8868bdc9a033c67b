import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

test('a service tells the makers of onnxruntime nothing', async () => {
  delete process.env.ORT_DISABLE_TELEMETRY;
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  const service = await startTestService({ source: modelDirectory, name: 'tiny' });
  await service.close();
  assert.equal(process.env.ORT_DISABLE_TELEMETRY, '1');
});

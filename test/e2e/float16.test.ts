import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkFamily } from '../support/parity.ts';
import { RECORDINGS, readFamily, readIndex } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

/** Nats. On the processor only weights, keys and values are rounded, see test/engine/float16.test.ts. */
const TOLERANCE = 0.03;

const index = await readIndex(RECORDINGS);

it('float16 gives what PEFT recorded in float32, with every kind of adapter, over HTTP', async () => {
  const family = await readFamily(RECORDINGS, 'llama');
  const flags = { precision: 'float16', stepsPerRun: '4' };
  const service = await startTestService({ source: family.modelDirectory, name: 'llama-tiny', flags });
  try {
    const info = await service.client.ok<{ model: { precision: string } }>('GET', '/info');
    assert.equal(info.model.precision, 'float16');
    const near = { ...index.tolerance, logits_abs: TOLERANCE, loglik_abs: TOLERANCE };
    let checks = 0;
    for await (const found of checkFamily(
      service.client,
      { ...index, tolerance: near },
      family,
      'llama-tiny',
    )) {
      const { subject, text, check, difference, tolerance } = found;
      checks++;
      assert.ok(
        difference <= tolerance,
        `${subject}, ${check}, ${JSON.stringify(text)}: off by ${difference}, allowed ${tolerance}`,
      );
    }
    assert.ok(checks > 200);
  } finally {
    await service.close();
  }
});

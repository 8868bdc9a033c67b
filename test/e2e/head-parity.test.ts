import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkClassifier } from '../support/head-parity.ts';
import { HEAD_FAMILIES, readClassifiers } from '../support/head-recordings.ts';
import { RECORDINGS, readFamily, readIndex } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

const { tolerance } = await readIndex(RECORDINGS);

for (const name of HEAD_FAMILIES) {
  test(`${name}: classification heads answer as PEFT computes them`, async () => {
    const { modelDirectory } = await readFamily(RECORDINGS, name);
    const service = await startTestService({ source: modelDirectory, name: `${name}-tiny` });
    try {
      let checks = 0;
      for (const classifier of await readClassifiers(RECORDINGS, name)) {
        for await (const finding of checkClassifier(service.client, classifier, tolerance.logits_abs)) {
          checks++;
          const { subject, check, text, difference } = finding;
          const message = `${subject}, ${check}, ${JSON.stringify(text)}: off by ${difference}`;
          assert.ok(difference <= finding.tolerance, message);
        }
      }
      assert.ok(checks >= 8);
    } finally {
      await service.close();
    }
  });
}

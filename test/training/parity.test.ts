import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RECORDINGS, readIndex } from '../support/recordings.ts';
import { checkTraining } from '../support/training-parity.ts';

const { families } = await readIndex(RECORDINGS);

for (const family of families) {
  test(`${family}: loss, gradient and AdamW steps equal PEFT's`, async () => {
    const findings = await checkTraining(RECORDINGS, family, 'training.json');
    assert.ok(findings.length >= 7);
    for (const { adapter, check, difference, tolerance } of findings) {
      assert.ok(difference <= tolerance, `${adapter}, ${check}: ${difference} beyond ${tolerance}`);
    }
  });
}

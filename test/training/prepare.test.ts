import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JobSpec } from '../../src/domain/training.ts';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { loadTokenizer } from '../../src/model/tokenizer.ts';
import { prepareJob } from '../../src/training/child/prepare.ts';
import { DEFAULT_HYPERPARAMETERS } from '../../src/training/jobs/specification.ts';
import { gemma3, options } from '../model/hf-model.ts';

test('steps are as large as embeddings that enter the model, which Gemma scales', async (t) => {
  const bundle = await importModel(options(t, { source: gemma3 }));
  // What a preparation reads of a job.
  const given: unknown = {
    seed: 1,
    template: '{text}',
    otherTasks: [],
    hyperparameters: DEFAULT_HYPERPARAMETERS,
    config: { peft_type: 'PROMPT_TUNING', num_virtual_tokens: 4 },
  };
  const spec = given as JobSpec;
  const rows = [{ row: 1, line: 1, input: 'Turn the lights', target: ' off' }];
  const training = { kind: 'completion', rows, labels: [] } as const;
  const { embeddingRms } = await prepareJob(
    spec,
    [{ training, validation: null }],
    bundle,
    await loadTokenizer(bundle),
  );
  const bytes = Uint8Array.from(readFileSync(join(bundle.directory, BUNDLE_FILES.embeddings)));
  const table = new Float32Array(bytes.buffer);
  const rms = Math.sqrt(table.reduce((sum, value) => sum + value * value, 0) / table.length);
  // Rows of 32 elements.
  assert.ok(Math.abs(embeddingRms / rms - Math.sqrt(32)) < 1e-6, `${embeddingRms} of ${rms}`);
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assembleExport } from '../model/onnx-export.ts';
import { checkClassifier } from '../support/head-parity.ts';
import { readClassifiers } from '../support/head-recordings.ts';
import { checkFamily } from '../support/parity.ts';
import { RECORDINGS, type RecordedFamily, readFamily, readIndex } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const index = await readIndex(RECORDINGS);

/** One of each way into the model: rows, keys and values, and rows out of several tasks. */
const ADAPTERS: readonly string[] = ['prompt_random', 'prefix', 'multitask 0'];

/** Stock exports of recorded models: PEFT's numbers are theirs too. */
for (const [name, file] of [
  ['llama', 'model.onnx'],
  ['llama', 'grouped.onnx'],
  ['gpt2', 'model.onnx'],
] as const) {
  describe(`the ONNX export ${file} of ${name}, as PEFT computes the model`, () => {
    let directory: string;
    let family: RecordedFamily;
    let service: TestService;
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'softprompt-onnx-'));
      assembleExport(directory, name, file);
      const recorded = await readFamily(RECORDINGS, name);
      const adapters = recorded.adapters.filter((adapter) => ADAPTERS.includes(adapter.name));
      family = { ...recorded, adapters };
      service = await startTestService({ source: join(directory, file), name: 'exported' });
    });
    after(async () => {
      await service?.close();
      await rm(directory, { recursive: true });
    });

    it('gives the recorded ids, log-probabilities and log-likelihoods over HTTP', async () => {
      const subjects = new Set<string>();
      for await (const finding of checkFamily(service.client, index, family, 'exported')) {
        const { subject, text, check, difference, tolerance } = finding;
        subjects.add(subject);
        assert.ok(
          difference <= tolerance,
          `${subject}, ${check}, ${JSON.stringify(text)}: off by ${difference}, allowed ${tolerance}`,
        );
      }
      assert.deepEqual([...subjects].sort(), ['base', ...ADAPTERS].sort());
    });

    it('lets classification heads read the hidden states', async () => {
      const classifiers = await readClassifiers(RECORDINGS, name);
      assert.ok(classifiers.length > 0);
      for (const classifier of classifiers) {
        for await (const finding of checkClassifier(service.client, classifier, index.tolerance.logits_abs)) {
          const { subject, check, text, difference, tolerance } = finding;
          assert.ok(difference <= tolerance, `${subject}, ${check}, ${text}: off by ${difference}`);
        }
      }
    });

    it('answers the same alone and among others', async () => {
      const ask = (max_tokens: number) =>
        service.client.complete({
          model: 'exported',
          prompt: family.base[0]!.text,
          max_tokens,
          temperature: 0,
          ignore_eos: true,
          return_token_ids: true,
        });
      const alone = (await ask(24)).token_ids;
      const together = await Promise.all([ask(24), ask(7), ask(24), ask(15)]);
      assert.deepEqual(together[0]!.token_ids, alone);
      assert.deepEqual(together[2]!.token_ids, alone);
      assert.deepEqual(together[1]!.token_ids, alone!.slice(0, 7));
    });
  });
}

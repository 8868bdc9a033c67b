import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Compile } from 'typebox/compile';
import type { ModelInfo } from '../../src/domain/model.ts';
import { exampleCommands } from '../../src/examples/commands.ts';
import { isExamplesModel, learnedExamples } from '../../src/examples/learned.ts';
import { TaskBody, taskMetadata } from '../../src/http/schemas/task.ts';
import { validateUpload } from '../../src/prompts/validate.ts';
import { TINY } from '../prompts/samples.ts';

/** The sizes and names of SmolLM2-135M-Instruct, for which the shipped prompts were learned. */
const SMOLLM2: ModelInfo = {
  ...TINY,
  id: 'smollm2-135m-instruct',
  tokenDim: 576,
  numLayers: 30,
  numAttentionHeads: 9,
  numKeyValueHeads: 3,
  headDim: 64,
  vocabSize: 49_152,
  contextLength: 8192,
  aliases: ['HuggingFaceTB/SmolLM2-135M-Instruct'],
};

describe('the learned examples that are shipped', () => {
  it('are accepted like an upload, and their tasks like a request', async () => {
    const validator = Compile(TaskBody);
    for (const { task, metadata, prompt } of await learnedExamples()) {
      const { version, warnings } = validateUpload(await prompt(), SMOLLM2);
      assert.deepEqual([version.numVirtualTokens, version.tokenDim, warnings], [20, 576, []], task);
      const body: unknown = structuredClone(metadata);
      assert.ok(validator.Check(body), task);
      assert.deepEqual(taskMetadata(body), metadata);
      assert.ok((metadata.description?.length ?? 0) > 0 && (metadata.labels?.length ?? 0) > 1, task);
    }
  });

  it('are for one model, whose name and sizes must agree', () => {
    assert.equal(isExamplesModel(SMOLLM2), true);
    assert.equal(isExamplesModel({ ...SMOLLM2, id: 'other' }), false);
    assert.equal(isExamplesModel({ ...SMOLLM2, tokenDim: 960, numLayers: 32 }), false);
  });

  it('are what the first of the printed commands ask', async () => {
    const names = (await learnedExamples()).map(({ task }) => task);
    const [first, second] = exampleCommands('http://127.0.0.1:8080', false);
    assert.match(first!, /^curl -s http:\/\/127\.0\.0\.1:8080\/v1\/tasks\/sentiment\/classify /);
    assert.ok(names.includes('sentiment') && names.some((name) => second!.includes(`/tasks/${name}/`)));
    assert.ok(!first!.includes('authorization'), 'there are no keys');
  });

  it('take the key of a server with keys from the environment', () => {
    // In double quotes, in which a shell puts the value.
    for (const command of exampleCommands('http://127.0.0.1:8080', true))
      assert.ok(command.includes(' -H "authorization: Bearer $SOFTPROMPT_API_KEY" '), command);
  });
});

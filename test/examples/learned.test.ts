import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Compile } from 'typebox/compile';
import type { ModelInfo } from '../../src/domain/model.ts';
import { exampleCommands } from '../../src/examples/commands.ts';
import type { ExampleSet } from '../../src/examples/example-set.ts';
import { EXAMPLE_SETS, exampleSetOf, learnedExamples } from '../../src/examples/learned.ts';
import { TaskBody, taskMetadata } from '../../src/http/schemas/task.ts';
import { describeModel } from '../../src/model/bundle.ts';
import { openEmbedded } from '../../src/model/embedded.ts';
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

const MODELS: readonly ModelInfo[] = [SMOLLM2, describeModel(await openEmbedded())];

for (const model of MODELS) {
  const set = exampleSetOf(model) as ExampleSet;

  describe(`the learned examples that are shipped for ${model.id}`, () => {
    it('are accepted like an upload, and their tasks like a request', async () => {
      const validator = Compile(TaskBody);
      for (const { task, metadata, prompt } of await learnedExamples(set)) {
        const { version, warnings } = validateUpload(await prompt(), model);
        assert.deepEqual(
          [version.numVirtualTokens, version.tokenDim, warnings],
          [20, model.tokenDim, []],
          task,
        );
        const body: unknown = structuredClone(metadata);
        assert.ok(validator.Check(body), task);
        assert.deepEqual(taskMetadata(body), metadata);
        assert.ok((metadata.description?.length ?? 0) > 0 && (metadata.labels?.length ?? 0) > 1, task);
      }
    });

    it('are what the first of the printed commands ask', async () => {
      const names = (await learnedExamples(set)).map(({ task }) => task);
      const [first, second] = exampleCommands(set.requests, 'http://127.0.0.1:8080', false);
      for (const command of [first!, second!]) {
        const task = /^curl -s http:\/\/127\.0\.0\.1:8080\/v1\/tasks\/(\w+)\/classify /.exec(command)?.[1];
        assert.ok(names.includes(task!), command);
        assert.ok(!command.includes('authorization'), 'there are no keys');
      }
    });
  });
}

describe('the examples of a model', () => {
  it('are for one model, whose name and sizes must agree, and whose weights, where they are known', () => {
    assert.equal(exampleSetOf(SMOLLM2)?.model.id, SMOLLM2.id);
    assert.equal(exampleSetOf({ ...SMOLLM2, hash: 'of a GGUF file' })?.model.id, SMOLLM2.id);
    assert.equal(exampleSetOf({ ...SMOLLM2, id: 'other' }), null);
    assert.equal(exampleSetOf({ ...SMOLLM2, tokenDim: 960, numLayers: 32 }), null);
    const embedded = MODELS[1]!;
    assert.equal(exampleSetOf(embedded)?.model.id, embedded.id);
    assert.equal(exampleSetOf({ ...embedded, hash: 'of other weights' }), null);
  });

  it('are asked with the key of a server with keys, from the environment', () => {
    // In double quotes, in which a shell puts the value.
    for (const { requests } of EXAMPLE_SETS)
      for (const command of exampleCommands(requests, 'http://127.0.0.1:8080', true))
        assert.ok(command.includes(' -H "authorization: Bearer $SOFTPROMPT_API_KEY" '), command);
  });
});

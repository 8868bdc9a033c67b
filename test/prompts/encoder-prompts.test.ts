import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import type { ModelInfo } from '../../src/domain/model.ts';
import type { PromptUpload } from '../../src/domain/publishing.ts';
import { readPromptFile } from '../../src/peft/prompt-file.ts';
import { validateUpload } from '../../src/prompts/validate.ts';
import { fixture as llamaFixture, promptFile, TINY } from './samples.ts';

/** The model of test/fixtures/peft/t5. */
const T5: ModelInfo = {
  ...TINY,
  family: 't5',
  kind: 'encoder-decoder',
  tokenDim: 48,
  numKeyValueHeads: 4,
  vocabSize: 256,
  aliases: ['t5-tiny'],
};

function fixture(adapter: string, file: string): Buffer {
  return readFileSync(new URL(`../fixtures/peft/t5/${adapter}/${file}`, import.meta.url));
}

function upload(adapter: string, changes: Record<string, unknown> = {}): PromptUpload & { kind: 'peft' } {
  const config = JSON.parse(fixture(adapter, 'adapter_config.json').toString());
  return {
    kind: 'peft',
    config: Buffer.from(JSON.stringify({ ...config, ...changes })),
    model: fixture(adapter, 'adapter_model.safetensors'),
  };
}

function refusal(given: PromptUpload, model = T5): string {
  try {
    validateUpload(given, model);
  } catch (error) {
    assert.ok(error instanceof DomainError, 'a DomainError');
    return `${error.code} ${error.param}`;
  }
  return assert.fail('accepted');
}

test('rows of one submodule are stored as they came', () => {
  const given = upload('prompt_random');
  const { version, warnings } = validateUpload(given, T5);
  assert.deepEqual(version.file, given.model);
  assert.deepEqual(warnings, []);
  assert.equal(version.config.task_type, 'SEQ_2_SEQ_LM');
  assert.equal(version.config.num_transformer_submodules, 1);
});

test('rows of the second submodule, which PEFT never reads, are left out, and the answer says so', () => {
  for (const adapter of ['prompt_text', 'p_tuning']) {
    const given = upload(adapter);
    const all = readPromptFile(given.model);
    const { version, values, warnings } = validateUpload(given, T5);
    assert.equal(version.numVirtualTokens, all.length / 2);
    assert.deepEqual(values, all.rows.slice(0, all.rows.length / 2));
    assert.deepEqual(readPromptFile(version.file).rows, values);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, new RegExp(`^The first ${all.length / 2} of ${all.length} rows were kept`));
  }
});

test("a config that leaves the number out has PEFT's default of two", () => {
  const without = upload('prompt_text', { num_transformer_submodules: null });
  assert.equal(validateUpload(without, T5).version.numVirtualTokens, 9);
  const single = upload('prompt_random', { num_transformer_submodules: null });
  assert.equal(refusal(single), 'prompt_shape_mismatch prompt_embeddings');
});

test('what PEFT gives an encoder-decoder model beside rows for the encoder is refused', () => {
  const model = promptFile([6, 192]);
  const prefix = { peft_type: 'PREFIX_TUNING', prompt_tuning_init: undefined };
  assert.equal(refusal({ ...upload('prompt_random', prefix), model }), 'peft_type_unsupported peft_type');
  const both = { num_transformer_submodules: 2 };
  assert.equal(
    refusal({ ...upload('multitask', both), taskId: 0 }),
    'num_transformer_submodules_mismatch num_transformer_submodules',
  );
});

test('adapters of one kind of model are refused by the other', () => {
  const decoder: PromptUpload = {
    kind: 'peft',
    config: llamaFixture('p_tuning', 'adapter_config.json'),
    model: llamaFixture('p_tuning', 'adapter_model.safetensors'),
  };
  assert.equal(refusal(decoder), 'task_type_mismatch task_type');
  assert.equal(refusal(upload('prompt_random'), TINY), 'task_type_mismatch task_type');
  const three = { num_transformer_submodules: 3 };
  assert.equal(
    refusal(upload('prompt_random', three)),
    'num_transformer_submodules_mismatch num_transformer_submodules',
  );
});

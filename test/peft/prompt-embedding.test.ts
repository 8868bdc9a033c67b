import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseSafetensors, tensorBytes, toFloat32 } from '../../src/formats/safetensors.ts';
import { PromptEmbedding, PromptTuningConfig, type WordEmbeddings } from '../../src/index.ts';
import { fixture } from '../prompts/samples.ts';

const weights = readFileSync(new URL('../fixtures/peft/llama/model/model.safetensors', import.meta.url));
const header = parseSafetensors(weights);
const entry = header.tensors.find(({ name }) => name === 'model.embed_tokens.weight')!;
const table = toFloat32(tensorBytes(weights, header, entry), entry.dtype);
const words: WordEmbeddings = {
  numEmbeddings: 384,
  embeddingDim: 64,
  row: (id) => table.subarray(id * 64, (id + 1) * 64),
};
/** Ids of the text of the fixture, recorded with its tokenizer. */
const TEXT = 'Turn the lights off';
const tokenize = (text: string): number[] => {
  assert.equal(text, TEXT);
  return [338, 266, 346, 335];
};
const textConfig = {
  task_type: 'CAUSAL_LM',
  num_virtual_tokens: 23,
  token_dim: 64,
  prompt_tuning_init: 'TEXT',
  prompt_tuning_init_text: TEXT,
  tokenizer_name_or_path: 'llama-tiny',
} as const;

test("TEXT gives PEFT's bytes", () => {
  const embedding = new PromptEmbedding(new PromptTuningConfig(textConfig), words, { tokenize });
  assert.deepEqual(
    Buffer.from(embedding.toSafetensors()),
    fixture('prompt_text_tiled', 'adapter_model.safetensors'),
  );
});

test('a batch of ids becomes (batch, total_virtual_tokens, token_dim)', () => {
  const config = new PromptTuningConfig({ num_virtual_tokens: 3, token_dim: 64 });
  const embedding = new PromptEmbedding(config, words, { seed: 5 });
  const { data, shape } = embedding.forward([
    [0, 1, 2],
    [2, 2, 0],
  ]);
  assert.deepEqual(shape, [2, 3, 64]);
  const row = (id: number): number[] => [...embedding.weight.subarray(id * 64, (id + 1) * 64)];
  assert.deepEqual([...data], [0, 1, 2, 2, 2, 0].flatMap(row));
  assert.throws(() => embedding.forward([[0, 1]]), /expected 3 ids/);
  assert.throws(() => embedding.forward([[0, 1, 3]]), /expected ids from 0 to 2/);
});

test('an encoder-decoder model has rows for both submodules', () => {
  const config = new PromptTuningConfig({ task_type: 'SEQ_2_SEQ_LM', num_virtual_tokens: 3, token_dim: 64 });
  assert.equal(new PromptEmbedding(config, words).totalVirtualTokens, 6);
});

test('SAMPLE_VOCAB takes rows of the table; RANDOM and inference mode do not', () => {
  const init = { num_virtual_tokens: 4, token_dim: 64, prompt_tuning_init: 'SAMPLE_VOCAB' } as const;
  const rows = new Set(Array.from({ length: 384 }, (_, id) => words.row(id).join()));
  const isFromTable = (config: PromptTuningConfig): boolean => {
    const { weight } = new PromptEmbedding(config, words, { seed: 1 });
    return [0, 1, 2, 3].every((id) => rows.has(weight.subarray(id * 64, (id + 1) * 64).join()));
  };
  assert.equal(isFromTable(new PromptTuningConfig(init)), true);
  assert.equal(isFromTable(new PromptTuningConfig({ ...init, inference_mode: true })), false);
  assert.equal(isFromTable(new PromptTuningConfig({ ...init, prompt_tuning_init: 'RANDOM' })), false);
});

test('what is missing or does not fit is named', () => {
  const code = (input: object, embeddings = words) => {
    try {
      new PromptEmbedding(new PromptTuningConfig(input), embeddings);
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'accepted';
  };
  assert.equal(code({ token_dim: 64 }), 'size_missing');
  assert.equal(code({ num_virtual_tokens: 2 }), 'size_missing');
  assert.equal(code({ num_virtual_tokens: 2, token_dim: 32 }), 'token_dim_mismatch');
  assert.equal(code(textConfig), 'tokenizer_missing');
});

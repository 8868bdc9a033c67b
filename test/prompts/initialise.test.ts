import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { encodeAdapterConfig } from '../../src/domain/prompt.ts';
import { parseSafetensors, tensorBytes, toFloat32 } from '../../src/formats/safetensors.ts';
import { readPromptFile } from '../../src/peft/prompt-file.ts';
import { type InitSources, initialisePrompt, type PromptInit } from '../../src/prompts/initialise.ts';
import { validateUpload } from '../../src/prompts/validate.ts';
import { refused } from '../formats/files.ts';
import { fixture, TINY } from './samples.ts';

const weights = readFileSync(new URL('../fixtures/peft/llama/model/model.safetensors', import.meta.url));
const header = parseSafetensors(weights);
const entry = header.tensors.find(({ name }) => name === 'model.embed_tokens.weight')!;
const table = toFloat32(tensorBytes(weights, header, entry), entry.dtype);

/** Ids of the fixtures' texts, recorded with the fixture model's tokenizer. */
const IDS: Record<string, number[]> = {
  'Decide if the opinion is positive, negative or neutral:': [
    351, 356, 305, 225, 367, 266, 344, 299, 342, 16, 348, 324, 347, 30,
  ],
  'Turn the lights off': [338, 266, 346, 335],
  '': [],
};

const sources: InitSources = {
  model: TINY,
  tokenize: (text) => IDS[text]!,
  embedding: (id) => table.subarray(id * 64, (id + 1) * 64),
};

async function rows(how: PromptInit, count: number): Promise<Float32Array> {
  return readPromptFile((await initialisePrompt(how, count, sources)).file).rows;
}

test("TEXT gives PEFT's bytes when the text is cut and when it is repeated", async () => {
  for (const adapter of ['prompt_text', 'prompt_text_tiled']) {
    const config = JSON.parse(fixture(adapter, 'adapter_config.json').toString());
    const how = { init: 'TEXT', text: config.prompt_tuning_init_text } as const;
    const made = await initialisePrompt(how, config.num_virtual_tokens, sources);
    assert.deepEqual(Buffer.from(made.file), fixture(adapter, 'adapter_model.safetensors'), adapter);
  }
});

test('RANDOM draws from N(0, 1), reproducibly', async () => {
  const values = await rows({ init: 'RANDOM', seed: 7 }, 200);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const power = (exponent: number) =>
    values.reduce((sum, value) => sum + (value - mean) ** exponent, 0) / values.length;
  // 12,800 draws: five standard errors of each moment.
  assert.ok(Math.abs(mean) < 0.045, `mean ${mean}`);
  assert.ok(Math.abs(power(2) - 1) < 0.063, `variance ${power(2)}`);
  assert.ok(Math.abs(power(4) - 3) < 0.45, `fourth moment ${power(4)}`);
  assert.deepEqual(await rows({ init: 'RANDOM', seed: 7 }, 200), values);
  assert.notDeepEqual(await rows({ init: 'RANDOM', seed: 8 }, 200), values);
});

test('SAMPLE_VOCAB takes rows of the embedding table, with replacement', async () => {
  const drawn: number[] = [];
  const recording: InitSources = {
    ...sources,
    embedding: async (id) => {
      drawn.push(id);
      return table.subarray(id * 64, (id + 1) * 64);
    },
  };
  const { file } = await initialisePrompt({ init: 'SAMPLE_VOCAB', seed: 1 }, 250, recording);
  const values = readPromptFile(file).rows;
  assert.ok(drawn.every((id) => Number.isInteger(id) && id >= 0 && id < 384));
  assert.ok(new Set(drawn).size < 250, 'some id comes twice among 250 of 384');
  assert.ok(Math.min(...drawn) < 40 && Math.max(...drawn) > 344, 'the whole vocabulary is used');
  for (const [index, id] of drawn.entries()) {
    assert.deepEqual(values.subarray(index * 64, index * 64 + 64), table.subarray(id * 64, id * 64 + 64));
  }
});

test('a new prompt passes the checks of an upload', async () => {
  const made = await initialisePrompt({ init: 'RANDOM', seed: 0 }, 4, sources);
  const upload = { kind: 'peft', config: encodeAdapterConfig(made.config), model: made.file } as const;
  const { version, warnings } = validateUpload(upload, TINY);
  assert.deepEqual(version.config, made.config);
  assert.deepEqual(warnings, []);
});

test('impossible requests', async () => {
  for (const count of [0, -1, 1.5, 256]) {
    await assert.rejects(
      rows({ init: 'RANDOM', seed: 0 }, count),
      refused('num_virtual_tokens_out_of_range'),
    );
  }
  await assert.rejects(rows({ init: 'TEXT', text: '' }, 4), refused('init_text_empty'));
});

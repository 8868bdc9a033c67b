import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeModel } from '../../src/model/bundle.ts';
import { EmbeddingFile } from '../../src/model/embedding-file.ts';
import { importModel } from '../../src/model/import.ts';
import { loadTokenizer } from '../../src/model/tokenizer.ts';
import { initialisePrompt } from '../../src/prompts/initialise.ts';
import { gemma3, options } from './hf-model.ts';

// transformers' embedding module of Gemma scales what it looks up, and PEFT's TEXT initialisation takes its output.
for (const adapter of ['prompt_text', 'prompt_text_tiled']) {
  test(`rows are those that enter the model: PEFT's bytes of ${adapter} for a model that scales them`, async (t) => {
    const bundle = await importModel(options(t, { source: gemma3 }));
    const recorded = (name: string) => readFileSync(join(gemma3, '..', adapter, name));
    const config = JSON.parse(recorded('adapter_config.json').toString());
    const tokenizer = await loadTokenizer(bundle);
    const embeddings = await EmbeddingFile.open(bundle);
    t.after(() => embeddings.close());
    const how = { init: 'TEXT', text: config.prompt_tuning_init_text } as const;
    const { file } = await initialisePrompt(how, config.num_virtual_tokens, {
      model: describeModel(bundle),
      tokenize: (text) => tokenizer.encode(text, { addSpecialTokens: true }).ids,
      embedding: (id) => embeddings.row(id),
    });
    assert.deepEqual(Buffer.from(file), recorded('adapter_model.safetensors'));
  });
}

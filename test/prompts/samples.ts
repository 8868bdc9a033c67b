import { readFileSync } from 'node:fs';
import type { ModelInfo } from '../../src/domain/model.ts';
import type { PromptUpload } from '../../src/domain/publishing.ts';
import { encodeSafetensors, type SafetensorsInput } from '../../src/formats/safetensors.ts';

/** The model of test/fixtures/peft/llama. */
export const TINY: ModelInfo = {
  id: 'tiny',
  hash: 'a'.repeat(64),
  family: 'llama',
  kind: 'decoder',
  precision: 'float32',
  tokenDim: 64,
  numLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  headDim: 16,
  vocabSize: 384,
  contextLength: 256,
  aliases: ['tiny', 'Example/Tiny-Llama', 'mirror/tiny-llama-gguf'],
  createdAt: 0,
};

export function fixture(adapter: string, file: string): Buffer {
  return readFileSync(new URL(`../fixtures/peft/llama/${adapter}/${file}`, import.meta.url));
}

export function peftUpload(adapter: string): PromptUpload & { kind: 'peft' } {
  return {
    kind: 'peft',
    config: fixture(adapter, 'adapter_config.json'),
    model: fixture(adapter, 'adapter_model.safetensors'),
  };
}

/** The fixture's config with some fields replaced; undefined takes a field away. */
export function configWith(changes: Record<string, unknown>, adapter = 'p_tuning'): Uint8Array {
  const config = JSON.parse(fixture(adapter, 'adapter_config.json').toString());
  return Buffer.from(JSON.stringify({ ...config, ...changes }));
}

/** A file with a prompt of the shape, every element 0.5, and other tensors beside it. */
export function promptFile(shape: readonly number[], others: readonly SafetensorsInput[] = []): Uint8Array {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5);
  const data = new Uint8Array(values.buffer);
  return encodeSafetensors([{ name: 'prompt_embeddings', dtype: 'F32', shape, data }, ...others]);
}

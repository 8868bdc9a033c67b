import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Precision } from '../../domain/model.ts';
import { unsupportedModel } from '../fields.ts';

/** Names under which exports of each precision are published, the usual one first. Those of float16 are not read. */
const NAMES: Readonly<Record<Exclude<Precision, 'float16'>, readonly string[]>> = {
  float32: ['model.onnx'],
  int8: ['model_quantized.onnx', 'model_int8.onnx', 'model_uint8.onnx'],
  int4: ['model_q4.onnx', 'model_int4.onnx'],
};

/** Folder in which onnx-community keeps the models. */
const FOLDER = 'onnx';

/** An export on disk. */
export interface OnnxFiles {
  /** The .onnx file. */
  readonly model: string;
  /** Where config.json and the tokenizer are. */
  readonly directory: string;
}

/** Whether a path is an ONNX file, or a directory that holds ONNX files and no safetensors. */
export async function isOnnxExport(path: string): Promise<boolean> {
  if ((await stat(path).catch(() => null))?.isFile()) return path.toLowerCase().endsWith('.onnx');
  const entries = await readdir(path).catch(() => []);
  if (entries.some((name) => name.endsWith('.safetensors') || name.endsWith('.safetensors.index.json')))
    return false;
  return (await onnxFilesIn(path)).length > 0;
}

/**
 * The file to import: the path itself, or of a directory the one that is published under the name of the precision.
 * Throws `unprocessable` missing_file, naming what there is, and onnx_precision for float16.
 */
export async function findOnnxFiles(path: string, precision: Precision): Promise<OnnxFiles> {
  if (precision === 'float16') {
    throw unsupportedModel('onnx_precision', 'precision', 'ONNX exports are not served in float16.', {
      expected: 'the safetensors or GGUF of the model, or another --precision',
      given: precision,
    });
  }
  const directory = await onnxDirectory(path);
  if ((await stat(path)).isFile()) return { model: path, directory };
  const found = await onnxFilesIn(path);
  for (const name of NAMES[precision]) {
    const model = found.find((file) => basename(file) === name);
    if (model !== undefined) return { model, directory };
  }
  throw unsupportedModel(
    'missing_file',
    NAMES[precision][0]!,
    `${path} holds no ONNX model of precision ${precision}: say another --precision, or give the file itself.`,
    { expected: NAMES[precision], given: found.map((file) => file.slice(path.length + 1)) },
  );
}

/** The directory of an export's config.json and tokenizer: beside the model, or above its folder. */
export async function onnxDirectory(path: string): Promise<string> {
  if ((await stat(path)).isDirectory()) return path;
  const beside = dirname(path);
  return (await readdir(beside)).includes('config.json') ? beside : dirname(beside);
}

export function onnxFolder(directory: string): string {
  return join(directory, FOLDER);
}

async function onnxFilesIn(directory: string): Promise<readonly string[]> {
  const folders = [directory, onnxFolder(directory)];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      return names.filter((name) => name.endsWith('.onnx')).map((name) => join(folder, name));
    }),
  );
  return found.flat();
}

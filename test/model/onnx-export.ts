import {
  closeSync,
  copyFileSync,
  cpSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeForeignModel, type WrittenModel, type WrittenTensor } from '../../src/graph/index.ts';
import { type OnnxModel, readOnnxModel } from '../../src/model/onnx/read.ts';
import { tempDirectory } from './temp-directory.ts';

const fixture = (path: string): string => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));

/** Recorded by scripts/parity/onnx-exports.py. */
export const EXPORTS = fixture('onnx');

/** An export as Optimum writes it: the recorded model `file` of a family beside its configuration and tokenizer. */
export function exportOf(t: TestContext, family: string, file = 'model.onnx'): string {
  const directory = join(tempDirectory(t), `${family}-export`);
  assembleExport(directory, family, file);
  return directory;
}

export function assembleExport(directory: string, family: string, file = 'model.onnx'): void {
  const isConfiguration = (path: string): boolean => !path.endsWith('.safetensors');
  mkdirSync(directory, { recursive: true });
  cpSync(fixture(`peft/${family}/model`), directory, { recursive: true, filter: isConfiguration });
  copyFileSync(join(EXPORTS, family, file), join(directory, file));
  if (family === 'llama' && file === 'model.onnx') {
    copyFileSync(join(EXPORTS, family, 'model.onnx_data'), join(directory, 'model.onnx_data'));
  }
}

export function readModel(path: string): OnnxModel {
  const fd = openSync(path, 'r');
  try {
    return readOnnxModel(fd, fstatSync(fd).size, basename(path));
  } finally {
    closeSync(fd);
  }
}

/** Writes a model again with changes; its tensors are found in it by their names. */
export function rewriteModel(path: string, change: (model: WrittenModel) => WrittenModel): void {
  const bytes = readFileSync(path);
  const { tensors, inputs, outputs, ...model } = readModel(path);
  const valuesOf = (values: OnnxModel['inputs']): WrittenModel['inputs'] =>
    Array.from(values.values(), ({ name, dataType, dims }) => ({
      name,
      dataType,
      dims: dims!.map((dim, axis) => dim ?? `${name}.${axis}`),
    }));
  const written = change({
    ...model,
    name: 'changed',
    inputs: valuesOf(inputs),
    outputs: valuesOf(outputs),
    tensors: Array.from(tensors.values(), ({ name, dims, dataType, raw, encoded }): WrittenTensor => {
      const content = raw ? { raw: bytes.subarray(raw.offset, raw.offset + raw.bytes) } : { encoded };
      return { name, dims, dataType, content };
    }),
  });
  writeFileSync(path, encodeForeignModel(written));
}

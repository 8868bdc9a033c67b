import type { Precision } from '../domain/model.ts';
import { type ExpectedTensor, expectedTensors, HEAD } from './expected-tensors.ts';
import { type LinearForm, linearForm } from './precision.ts';
import { storedBytes } from './storage.ts';
import { rowsAndColumns, type SourceTensor, type WeightSource } from './weight-source.ts';

export interface PlannedLinear {
  /** Without `.weight`. */
  readonly name: string;
  readonly tensor: SourceTensor;
  readonly form: LinearForm;
}

/** What an import writes, decided before the first byte. */
export interface ImportPlan {
  readonly embeddings: SourceTensor;
  /** The head is float32 and tied: it is the embedding table, and not stored again. */
  readonly headIsEmbeddings: boolean;
  readonly linears: readonly PlannedLinear[];
  /** Norms, biases and learned positions, stored as float32. */
  readonly others: readonly SourceTensor[];
  /** Bytes of the source that are read, and about how many the bundle takes. */
  readonly readBytes: number;
  readonly bundleBytes: number;
}

/** @param source a source whose tensors have been checked */
export function planImport(source: WeightSource, precision: Precision): ImportPlan {
  const { config, tensors } = source;
  const planned = (name: string, tensor: SourceTensor): PlannedLinear => {
    return {
      name,
      tensor,
      form: linearForm(precision, name, tensor.storage, rowsAndColumns(tensor).columns),
    };
  };
  const expected = [...expectedTensors(config)];
  const ofKind = (wanted: ExpectedTensor['kind']): SourceTensor[] =>
    expected.filter(({ kind }) => kind === wanted).map(({ name }) => tensors.get(name)!);
  const embeddings = ofKind('embeddings')[0]!;
  const others = ofKind('other');
  const linears = ofKind('linear').map((tensor) => planned(tensor.name.replace(/\.weight$/, ''), tensor));
  const tiedHead = config.tiedEmbeddings ? planned(HEAD, embeddings) : null;
  const headIsEmbeddings = tiedHead?.form.format === 'float32';
  if (tiedHead !== null && !headIsEmbeddings) linears.push(tiedHead);

  const read = [embeddings, ...others, ...linears.map(({ tensor }) => tensor)];
  const ropeTables = ['rope', 'localRope'].filter((table) => table in config).length;
  const tableBytes = config.contextLength * config.headDim * Float32Array.BYTES_PER_ELEMENT;
  const written = [
    float32Bytes(embeddings),
    ropeTables * tableBytes,
    ...others.map(float32Bytes),
    ...linears.map(linearBytes),
  ];
  return {
    embeddings,
    headIsEmbeddings,
    linears,
    others,
    readBytes: sum(read.map(({ storage, shape }) => storedBytes(storage, product(shape)))),
    bundleBytes: sum(written),
  };
}

function float32Bytes({ shape }: SourceTensor): number {
  return product(shape) * Float32Array.BYTES_PER_ELEMENT;
}

function linearBytes({ tensor, form }: PlannedLinear): number {
  const { rows } = rowsAndColumns(tensor);
  const elements = product(tensor.shape);
  switch (form.format) {
    case 'float32':
      return elements * Float32Array.BYTES_PER_ELEMENT;
    case 'float16':
      return elements * Uint16Array.BYTES_PER_ELEMENT;
    case 'rowwise-int8':
      return (form.hasResidual ? 2 : 1) * elements + rows * Float32Array.BYTES_PER_ELEMENT;
    case 'blockwise': {
      const perBlock = (form.hasOffsets ? 2 : 1) * Float32Array.BYTES_PER_ELEMENT;
      return (elements * form.bits) / 8 + (elements / form.blockSize) * perBlock;
    }
  }
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

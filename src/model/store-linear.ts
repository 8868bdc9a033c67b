import type { LinearWeight } from '../families/decoder.ts';
import { decodeBlocks, type QuantizedBlocks } from './blocks.ts';
import { toFloat32 } from './dequantize.ts';
import { unsupportedModel } from './fields.ts';
import { halfToFloat, LARGEST_HALF, toHalves } from './half.ts';
import { packMatMulNBits } from './matmulnbits.ts';
import type { LinearForm } from './precision.ts';
import { quantizeBlocks, quantizeRows, rowResiduals } from './quantize.ts';
import { type RowBlock, refuseNonFinite } from './row-blocks.ts';
import { isFloatStorage } from './storage.ts';
import type { TensorFile } from './tensor-file.ts';
import { rowsAndColumns, type SourceTensor } from './weight-source.ts';

type BlockwiseForm = Extract<LinearForm, { format: 'blockwise' }>;
type RowwiseForm = Extract<LinearForm, { format: 'rowwise-int8' }>;

/** Rows of a tile of a transposition: each write fills a cache line. */
const TILE_ROWS = 64;

/** Stores the weight of one linear layer, a block of rows at a time, in the given form. */
export function storeLinear(
  file: TensorFile,
  tensor: SourceTensor,
  form: LinearForm,
  blocks: AsyncIterable<RowBlock>,
): Promise<LinearWeight> {
  switch (form.format) {
    case 'float32':
      return storeFloat32(file, tensor, blocks);
    case 'float16':
      return storeFloat16(file, tensor, blocks);
    case 'rowwise-int8':
      return storeRowwise(file, tensor, form, blocks);
    case 'blockwise':
      return storeBlockwise(file, tensor, form, blocks);
  }
}

/** The rows as float32, block by block. */
export async function* float32Rows(
  tensor: SourceTensor,
  blocks: AsyncIterable<RowBlock>,
): AsyncGenerator<Float32Array> {
  for await (const { bytes } of blocks) {
    const values = toFloat32(tensor.storage, bytes);
    refuseNonFinite(tensor, values);
    yield values;
  }
}

async function storeFloat32(
  file: TensorFile,
  tensor: SourceTensor,
  blocks: AsyncIterable<RowBlock>,
): Promise<LinearWeight> {
  return { format: 'float32', weight: await file.add('float32', tensor.shape, float32Rows(tensor, blocks)) };
}

async function storeFloat16(
  file: TensorFile,
  tensor: SourceTensor,
  blocks: AsyncIterable<RowBlock>,
): Promise<LinearWeight> {
  async function* rows(): AsyncGenerator<Uint16Array> {
    for await (const values of float32Rows(tensor, blocks)) {
      const halves = toHalves(values);
      refuseBeyondHalf(tensor, values, halves);
      yield halves;
    }
  }
  return { format: 'float16', weight: await file.add('float16', tensor.shape, rows()) };
}

/** Throws `unprocessable` beyond_float16 where a weight has become infinite. */
function refuseBeyondHalf({ name }: SourceTensor, values: Float32Array, halves: Uint16Array): void {
  const at = halves.findIndex((half) => !Number.isFinite(halfToFloat(half)));
  if (at < 0) return;
  throw unsupportedModel(
    'beyond_float16',
    name,
    `Tensor ${name} holds ${values[at]}, and float16 numbers up to ${LARGEST_HALF}: say another --precision.`,
    { expected: `at most ${LARGEST_HALF}`, given: values[at] },
  );
}

/** The transposed codes of the whole layer are in memory: a quarter of its float32 size, or half with residuals. */
async function storeRowwise(
  file: TensorFile,
  tensor: SourceTensor,
  form: RowwiseForm,
  blocks: AsyncIterable<RowBlock>,
): Promise<LinearWeight> {
  const { rows, columns } = rowsAndColumns(tensor);
  const codes = new Int8Array(rows * columns);
  const residuals = form.hasResidual ? new Int8Array(rows * columns) : null;
  const scales = new Float32Array(rows);
  let start = 0;
  for await (const values of float32Rows(tensor, blocks)) {
    const quantized = quantizeRows(values, columns);
    transposeInto(codes, quantized.codes, { rows, columns, start });
    if (residuals !== null)
      transposeInto(residuals, rowResiduals(values, quantized), { rows, columns, start });
    scales.set(quantized.scales, start);
    start += quantized.scales.length;
  }
  return {
    format: 'rowwise-int8',
    weight: await file.add('int8', [columns, rows], [codes]),
    scales: await file.add('float32', [rows], [scales]),
    residual: residuals && (await file.add('int8', [columns, rows], [residuals])),
  };
}

async function storeBlockwise(
  file: TensorFile,
  tensor: SourceTensor,
  form: BlockwiseForm,
  rowBlocks: AsyncIterable<RowBlock>,
): Promise<LinearWeight> {
  const { bits, blockSize } = form;
  const { rows, columns } = rowsAndColumns(tensor);
  const blocksPerRow = columns / blockSize;
  const scales = new Float32Array(rows * blocksPerRow);
  const offsets = form.hasOffsets ? new Float32Array(rows * blocksPerRow) : null;
  async function* packedWeights(): AsyncGenerator<Uint8Array> {
    for await (const { start, bytes } of rowBlocks) {
      const packed = packMatMulNBits(toBlocks(tensor, bytes, form));
      scales.set(packed.scales, start * blocksPerRow);
      if (offsets !== null && packed.offsets !== null) {
        transposeInto(offsets, packed.offsets, { rows, columns: blocksPerRow, start });
      }
      yield packed.weight;
    }
  }
  const weight = await file.add('uint8', [rows, blocksPerRow, (blockSize * bits) / 8], packedWeights());
  return {
    format: 'blockwise',
    bits,
    blockSize,
    weight,
    scales: await file.add('float32', [rows * blocksPerRow], [scales]),
    offsets: offsets && (await file.add('float32', [blocksPerRow, rows], [offsets])),
  };
}

function toBlocks(
  tensor: SourceTensor,
  bytes: Uint8Array,
  { bits, blockSize }: BlockwiseForm,
): QuantizedBlocks {
  if (isFloatStorage(tensor.storage)) {
    const values = toFloat32(tensor.storage, bytes);
    refuseNonFinite(tensor, values);
    return quantizeBlocks(values, bits, blockSize);
  }
  const blocks = decodeBlocks(tensor.storage, bytes);
  refuseNonFinite(tensor, blocks.scales);
  if (blocks.minima !== null) refuseNonFinite(tensor, blocks.minima);
  return blocks;
}

/** Writes `part`, rows from `start` on of a [rows, columns] matrix, into its transpose [columns, rows]. */
function transposeInto<T extends Int8Array | Float32Array>(
  transposed: T,
  part: T,
  { rows, columns, start }: { readonly rows: number; readonly columns: number; readonly start: number },
): void {
  const count = part.length / columns;
  for (let tile = 0; tile < count; tile += TILE_ROWS) {
    const end = Math.min(tile + TILE_ROWS, count);
    for (let column = 0; column < columns; column++) {
      for (let row = tile; row < end; row++) {
        transposed[column * rows + start + row] = part[row * columns + column]!;
      }
    }
  }
}

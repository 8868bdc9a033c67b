import { unsupportedModel } from '../fields.ts';
import type { OnRead } from '../row-blocks.ts';
import type { EmbeddingTensors } from './embedding.ts';
import type { OnnxTensor } from './read.ts';
import { type OnnxTensors, rawBytes } from './tensors.ts';

/** Elements that are in memory at a time: 8 MB as float32. */
const ELEMENTS_A_READ = 1 << 21;

const FLOAT32 = 1;
const INT8 = 3;
const UINT8 = 2;
const INT4 = 22;

/** Rows of the table that are dequantised together. */
interface Rows {
  readonly start: number;
  readonly count: number;
  readonly columns: number;
}

/**
 * The table's rows as float32, block by block, in order.
 * @param vocabSize rows of the table
 * @param hiddenSize columns of the table
 */
export async function* embeddingRows(
  tensors: EmbeddingTensors,
  data: OnnxTensors,
  { vocabSize, hiddenSize }: { readonly vocabSize: number; readonly hiddenSize: number },
  onRead: OnRead,
): AsyncGenerator<Float32Array> {
  const { table } = tensors;
  const isTransposed = tensors.form === 'float32' && tensors.transposed;
  const rowBytes = data.bytesOf(table)! / vocabSize;
  const dequantize = await dequantizer(tensors, data);
  const step = Math.max(1, Math.floor(ELEMENTS_A_READ / hiddenSize));
  for (let start = 0; start < vocabSize; start += step) {
    const count = Math.min(step, vocabSize - start);
    if (isTransposed) yield readColumns(table, data, { start, count, columns: hiddenSize }, vocabSize);
    else {
      const bytes = await data.read(table, start * rowBytes, count * rowBytes);
      yield dequantize(bytes, { start, count, columns: hiddenSize });
    }
    onRead(count * rowBytes);
  }
}

/** Columns of a float32 matrix [columns, vocab] as rows, one read for a part of each of its rows. */
async function readColumns(
  table: OnnxTensor,
  data: OnnxTensors,
  { start, count, columns }: Rows,
  vocabSize: number,
): Promise<Float32Array> {
  const rows = new Float32Array(count * columns);
  for (let column = 0; column < columns; column++) {
    const bytes = await data.read(table, 4 * (column * vocabSize + start), 4 * count);
    const values = new Float32Array(bytes.buffer);
    for (let row = 0; row < count; row++) rows[row * columns + column] = values[row]!;
  }
  return rows;
}

type Dequantize = (bytes: Uint8Array, rows: Rows) => Float32Array;

async function dequantizer(tensors: EmbeddingTensors, data: OnnxTensors): Promise<Dequantize> {
  if (tensors.form === 'float32') return (bytes) => new Float32Array(bytes.buffer);
  const scales = new Float32Array((await smallTensor(tensors.scale, data)).buffer);
  const zeroPoints = tensors.zeroPoint === null ? null : await smallTensor(tensors.zeroPoint, data);
  return tensors.form === 'linear'
    ? linear(tensors.table.dataType === INT8, scales, zeroPoints)
    : blocks(tensors, scales, zeroPoints);
}

function linear(isSigned: boolean, scales: Float32Array, zeroPoints: Uint8Array | null): Dequantize {
  const signed = (codes: Uint8Array): Int8Array | Uint8Array =>
    isSigned ? new Int8Array(codes.buffer, codes.byteOffset, codes.length) : codes;
  const zeros = zeroPoints && signed(zeroPoints);
  return (bytes, { start, columns }) => {
    const codes = signed(bytes);
    return Float32Array.from(codes, (code, i) => {
      const row = scales.length === 1 ? 0 : start + Math.floor(i / columns);
      return scales[row]! * (code - (zeros?.[row] ?? 0));
    });
  };
}

/** As com.microsoft GatherBlockQuantized: the low half of a byte comes first. */
function blocks(
  { table, bits, blockSize }: Extract<EmbeddingTensors, { form: 'blocks' }>,
  scales: Float32Array,
  zeroPoints: Uint8Array | null,
): Dequantize {
  const code = (codes: Uint8Array, index: number): number => {
    if (bits === 8) return codes[index]!;
    const nibble = (codes[index >> 1]! >> (4 * (index & 1))) & 0xf;
    return table.dataType === INT4 && nibble > 7 ? nibble - 16 : nibble;
  };
  const isPacked = table.dataType === UINT8;
  const withoutZeroPoint = isPacked ? 2 ** (bits - 1) : 0;
  return (bytes, { start, count, columns }) => {
    const perRow = columns / blockSize;
    // Packed bytes are filled up at the end of a row; elements of 4 bits go on in the next.
    const zerosPerRow = isPacked && bits === 4 ? 2 * Math.ceil(perRow / 2) : perRow;
    const values = new Float32Array(count * columns);
    for (let i = 0; i < values.length; i++) {
      const row = start + Math.floor(i / columns);
      const block = Math.floor((i % columns) / blockSize);
      const zero = zeroPoints === null ? withoutZeroPoint : code(zeroPoints, row * zerosPerRow + block);
      values[i] = scales[row * perRow + block]! * (code(bytes, i) - zero);
    }
    return values;
  };
}

/** The little-endian bytes of a tensor that may keep its numbers in typed fields. */
async function smallTensor(tensor: OnnxTensor, data: OnnxTensors): Promise<Uint8Array> {
  const expected = rawBytes(tensor);
  if (data.bytesOf(tensor) !== null) return data.read(tensor, 0, expected);
  const { name, typed, dataType } = tensor;
  const bytes =
    dataType === FLOAT32 ? new Uint8Array(Float32Array.from(typed).buffer) : Uint8Array.from(typed);
  if (bytes.length === expected) return bytes;
  throw unsupportedModel('tensor_shape', name, `Tensor ${name} has ${bytes.length} bytes.`, {
    expected,
    given: bytes.length,
  });
}

import { unsupportedModel } from './fields.ts';
import { rowsAndColumns, type SourceTensor, type WeightSource } from './weight-source.ts';

/** Elements that are in memory at a time: 8 MB as float32. */
const ELEMENTS_A_READ = 1 << 21;

/** Rows from `start` on, as the source stores them. */
export interface RowBlock {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Called with the number of source bytes that were read; throws to stop the import. */
export type OnRead = (bytes: number) => void;

/** All rows of a tensor in blocks of a few megabytes, in order. */
export async function* readRowBlocks(
  source: WeightSource,
  tensor: SourceTensor,
  onRead: OnRead,
): AsyncGenerator<RowBlock> {
  const { rows, columns } = rowsAndColumns(tensor);
  const step = Math.max(1, Math.floor(ELEMENTS_A_READ / columns));
  for (let start = 0; start < rows; start += step) {
    const bytes = await source.readRows(tensor, start, Math.min(step, rows - start));
    yield { start, bytes };
    onRead(bytes.length);
  }
}

/** Throws `unprocessable` not_finite: one NaN in a weight makes every output NaN. */
export function refuseNonFinite(tensor: Pick<SourceTensor, 'name'>, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw unsupportedModel('not_finite', tensor.name, `Tensor ${tensor.name} holds ${values[i]}.`, {
        expected: 'finite numbers',
        given: `${values[i]}`,
      });
    }
  }
}

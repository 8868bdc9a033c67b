/** The frozen token-embedding table [vocab, hidden]. */
export class EmbeddingTable {
  private readonly table: Float32Array;
  readonly hiddenSize: number;
  private readonly scale: number;

  /** @param scale rows enter the model multiplied by it (Gemma) */
  constructor(table: Float32Array, hiddenSize: number, scale = 1) {
    this.table = table;
    this.hiddenSize = hiddenSize;
    this.scale = scale;
  }

  /** Row of a token id [hidden] as it enters the model; not to be changed, as it can be a view. */
  row(id: number): Float32Array {
    const row = this.table.subarray(id * this.hiddenSize, (id + 1) * this.hiddenSize);
    return this.scale === 1 ? row : row.map((value) => value * this.scale);
  }
}

/** Rows that enter the model one after the other: token ids through the table, or rows given as they are. */
export interface RowSource {
  readonly length: number;
  row(index: number): Float32Array;
}

/** `lead` (a row, e.g. the last virtual token) and then the tokens. */
export function tokenRows(
  table: EmbeddingTable,
  ids: readonly number[],
  lead: Float32Array | null,
): RowSource {
  const skip = lead === null ? 0 : 1;
  return {
    length: ids.length + skip,
    row: (index) => (lead !== null && index === 0 ? lead : table.row(ids[index - skip]!)),
  };
}

/** The rows of a prompt [length, hidden]. */
export function promptRows(rows: Float32Array, hiddenSize: number): RowSource {
  return {
    length: rows.length / hiddenSize,
    row: (index) => rows.subarray(index * hiddenSize, (index + 1) * hiddenSize),
  };
}

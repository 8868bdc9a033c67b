/**
 * llama.cpp's converter interleaves the two halves of every query and key head of the llama architecture
 * (`permute` of convert_hf_to_gguf.py), because its rotary embedding turns neighbouring rows instead of rows
 * head_dim / 2 apart. This puts rows back into the order of transformers.
 *
 * @param rows whole heads, `unitBytes` bytes a row
 */
export function unpermuteHeads(rows: Uint8Array, headDim: number, unitBytes: number): Uint8Array {
  const out = new Uint8Array(rows.length);
  const half = headDim / 2;
  const count = rows.length / unitBytes;
  for (let row = 0; row < count; row++) {
    const inHead = row % headDim;
    const stored = row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
    out.set(rows.subarray(stored * unitBytes, (stored + 1) * unitBytes), row * unitBytes);
  }
  return out;
}

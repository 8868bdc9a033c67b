import type { QuantizedBlocks } from './blocks.ts';

/** Symmetric int8 codes of rows with one scale a row: w = scale * code, |code| <= 127. */
export interface QuantizedRows {
  /** [rows, columns] */
  readonly codes: Int8Array;
  /** [rows] */
  readonly scales: Float32Array;
}

/** Quantises each row of [rows, columns] by its largest magnitude. */
export function quantizeRows(values: Float32Array, columns: number): QuantizedRows {
  const codes = new Int8Array(values.length);
  const scales = new Float32Array(values.length / columns);
  for (let row = 0; row < scales.length; row++) {
    const start = row * columns;
    const scale = Math.fround(largestMagnitude(values, start, columns) / 127);
    scales[row] = scale;
    if (scale > 0) {
      for (let i = start; i < start + columns; i++) codes[i] = Math.round(values[i]! / scale);
    }
  }
  return { codes, scales };
}

/** Quantises blocks of `blockSize` values symmetrically: codes -127 to 127 (8 bits) or -8 to 7 (4 bits). */
export function quantizeBlocks(values: Float32Array, bits: 4 | 8, blockSize: number): QuantizedBlocks {
  if (bits === 8) return { blockSize, bits, minima: null, ...quantizeRows(values, blockSize) };
  const codes = new Int8Array(values.length);
  const scales = new Float32Array(values.length / blockSize);
  for (let block = 0; block < scales.length; block++) {
    const start = block * blockSize;
    const scale = bestFourBitScale(values, start, blockSize);
    scales[block] = scale;
    if (scale !== 0) {
      for (let i = start; i < start + blockSize; i++) codes[i] = fourBitCode(values[i]! / scale);
    }
  }
  return { blockSize, bits, codes, scales, minima: null };
}

/** The largest magnitude maps to a code of this size; -8 exists, 8 does not, so both signs are tried. */
const FOUR_BIT_STEPS = [8, 7.5, 7, 6.5, -8, -7.5, -7, -6.5];

/**
 * The scale s that leaves the smallest squared error. For given codes q the best scale is <w, q> / <q, q>
 * and leaves <w, w> - <w, q>^2 / <q, q>; the codes come from a few candidate scales around the largest weight.
 */
function bestFourBitScale(values: Float32Array, start: number, blockSize: number): number {
  const magnitude = largestMagnitude(values, start, blockSize);
  if (magnitude === 0) return 0;
  let best = 0;
  let bestGain = -1;
  for (const steps of FOUR_BIT_STEPS) {
    const inverse = steps / magnitude;
    let weightDotCode = 0;
    let codeDotCode = 0;
    for (let i = start; i < start + blockSize; i++) {
      const code = fourBitCode(values[i]! * inverse);
      weightDotCode += values[i]! * code;
      codeDotCode += code * code;
    }
    const gain = (weightDotCode * weightDotCode) / codeDotCode;
    if (gain > bestGain) {
      bestGain = gain;
      best = weightDotCode / codeDotCode;
    }
  }
  return Math.fround(best);
}

function fourBitCode(value: number): number {
  return Math.max(-8, Math.min(7, Math.round(value)));
}

function largestMagnitude(values: Float32Array, start: number, length: number): number {
  let largest = 0;
  for (let i = start; i < start + length; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

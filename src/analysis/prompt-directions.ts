import { setImmediate } from 'node:timers/promises';
import type { PromptLikeness } from '../domain/analysis.ts';

/** Numbers that are summed before other requests get their turn: about a millisecond. */
const SLICE = 1 << 19;

/** All that the two measures of {@link likeness} need of a prompt. */
export interface PromptDirections {
  /** The mean of the rows at length 1 [width]; null: it is zero. */
  readonly mean: Float64Array | null;
  /** The mean of the rows, each at length 1 before [width]; null: all rows are zero. */
  readonly rows: Float64Array | null;
}

/**
 * Reads a prompt's directions. A row of zeros counts in the mean and, as it has no direction, not among the pairs.
 * @param values row-major [rows, width], finite
 */
export async function directionsOf(values: Float32Array, width: number): Promise<PromptDirections> {
  const sum = new Float64Array(width);
  const units = new Float64Array(width);
  const count = values.length / width;
  let directed = 0;
  let summed = 0;
  for (let row = 0; row < count; row++) {
    const at = row * width;
    const norm = lengthOf(values.subarray(at, at + width));
    if (norm > 0) directed++;
    for (let j = 0; j < width; j++) {
      const value = values[at + j]!;
      sum[j]! += value;
      if (norm > 0) units[j]! += value / norm;
    }
    summed += width;
    if (summed < SLICE) continue;
    summed = 0;
    await setImmediate();
  }
  const norm = lengthOf(sum);
  return {
    mean: norm > 0 ? sum.map((value) => value / norm) : null,
    rows: directed > 0 ? units.map((value) => value / directed) : null,
  };
}

/**
 * The two similarities of Vu et al. 2022, "SPoT: Better Frozen Model Adaptation through Soft Prompt Transfer", by which a
 * task is found whose prompt is a good start for another one. For prompts e [N, D] and f [M, D]:
 *
 * - `mean`, the cosine of average tokens: cos((1/N) sum_i e_i, (1/M) sum_j f_j);
 * - `pairs`, the per-token average cosine: (1/(N M)) sum_i sum_j cos(e_i, f_j). It is the scalar product of the two
 *   means of rows at length 1, so it costs no more than the other.
 *
 * There N = M; both are means, and defined for different lengths as well. With itself, a prompt's `mean` is 1; its `pairs`
 * is less unless all of its rows point one way.
 */
export function likeness(a: PromptDirections, b: PromptDirections): PromptLikeness {
  return { mean: cosine(a.mean, b.mean), pairs: cosine(a.rows, b.rows) };
}

function cosine(a: Float64Array | null, b: Float64Array | null): number | null {
  if (a === null || b === null) return null;
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return Math.max(-1, Math.min(1, sum));
}

function lengthOf(vector: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}

import type { RopeConfig } from './decoder.ts';

/** Cosines and sines of every position and frequency, each float32 [positions, head_dim / 2]. */
export interface RopeTables {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

const f32 = Math.fround;

/** transformers' `_compute_llama3_parameters`: long wavelengths are stretched, medium ones partly. */
function llama3Frequency(frequency: number, rope: Extract<RopeConfig, { type: 'llama3' }>): number {
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < rope.originalContextLength / rope.highFreqFactor) return frequency;
  if (wavelength > rope.originalContextLength / rope.lowFreqFactor) return frequency / rope.factor;
  const smooth =
    (rope.originalContextLength / wavelength - rope.lowFreqFactor) /
    (rope.highFreqFactor - rope.lowFreqFactor);
  return ((1 - smooth) * frequency) / rope.factor + smooth * frequency;
}

/**
 * Angle per position of each pair of elements, [head_dim / 2]: theta^(-2i / head_dim) (Su et al. 2021), scaled as
 * transformers' `ROPE_INIT_FUNCTIONS` do.
 */
export function ropeFrequencies(rope: RopeConfig, headDim: number): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = 1 / f32(rope.theta ** f32((2 * i) / headDim));
    switch (rope.type) {
      case 'default':
        return frequency;
      case 'linear':
        return f32(frequency) / rope.factor;
      case 'llama3':
        return llama3Frequency(f32(frequency), rope);
      case 'factors':
        return f32(frequency) / rope.factors[i]!;
    }
  });
}

/** Tables for the positions 0 to `positions` - 1. */
export function ropeTables(rope: RopeConfig, headDim: number, positions: number): RopeTables {
  const frequencies = ropeFrequencies(rope, headDim);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      // The reference multiplies in float32; a float64 angle would differ by 1e-4 at position 2000.
      const angle = f32(position * frequencies[i]!);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

import { toFloat32 } from '../formats/safetensors.ts';

/** The largest number that IEEE 754 half precision holds; larger ones from 65520 on round to infinity. */
export const LARGEST_HALF = 65504;

/** The float32 value of every IEEE 754 half: block scales are read one by one. */
const HALVES = toFloat32(
  new Uint8Array(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).buffer),
  'F16',
);

/** Value of an IEEE 754 half-precision bit pattern (0 to 65535). */
export function halfToFloat(bits: number): number {
  return HALVES[bits]!;
}

/** Bit patterns of float32: 2^-14, from which on halves are normal numbers, 2^16, and infinity. */
const [SMALLEST_NORMAL, BEYOND, INFINITE] = [0x38800000, 0x47800000, 0x7f800000];

/**
 * The nearest IEEE 754 halves, ties to even, as bit patterns; a number beyond {@link LARGEST_HALF} becomes infinite where
 * rounding says so. (Giesen, "float->half variants", `float_to_half_fast3_rtne`.)
 */
export function toHalves(values: Float32Array): Uint16Array {
  const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const pattern = patterns[i]!;
    const magnitude = pattern & 0x7fffffff;
    let half: number;
    if (magnitude >= BEYOND) half = magnitude > INFINITE ? 0x7e00 : 0x7c00;
    // Below the normal numbers a half is a multiple of 2^-24: the sum's last bit is worth that, and the sum is rounded.
    else if (magnitude < SMALLEST_NORMAL) half = (Math.fround(Math.abs(values[i]!) + 0.5) - 0.5) * 2 ** 24;
    // The exponent is counted from another zero; then 13 bits go, half of their worth and the last bit that stays added.
    else half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    halves[i] = half | ((pattern >>> 16) & 0x8000);
  }
  return halves;
}

import { toFloat32 } from '../formats/safetensors.ts';

/** The float32 value of every IEEE 754 half: block scales are read one by one. */
const HALVES = toFloat32(
  new Uint8Array(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).buffer),
  'F16',
);

/** Value of an IEEE 754 half-precision bit pattern (0 to 65535). */
export function halfToFloat(bits: number): number {
  return HALVES[bits]!;
}

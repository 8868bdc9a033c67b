import { encodeSafetensors, parseSafetensors, tensorBytes } from '../../src/formats/safetensors.ts';

export type HalfDtype = 'F16' | 'BF16';

/** A prompt in half precision, and the same rounded numbers as a float32 file. */
export interface HalfPrompt {
  readonly half: Uint8Array;
  readonly rounded: Uint8Array;
}

/** Casts the rows of an F32 `prompt_embeddings` file, as torch's `.half()` and `.bfloat16()` do. */
export function castPrompt(file: Uint8Array, dtype: HalfDtype): HalfPrompt {
  const header = parseSafetensors(file);
  const entry = header.tensors[0]!;
  const rows = new Float32Array(new Uint8Array(tensorBytes(file, header, entry)).buffer);
  const [significand, minExponent] = dtype === 'F16' ? [10, -14] : [7, -126];
  const values = rows.map((value) => round(value, significand, minExponent));
  const bits = Uint16Array.from(values, dtype === 'F16' ? float16Bits : bfloat16Bits);
  const { name, shape } = entry;
  return {
    half: encodeSafetensors([{ name, dtype, shape, data: new Uint8Array(bits.buffer) }]),
    rounded: encodeSafetensors([{ name, dtype: 'F32', shape, data: new Uint8Array(values.buffer) }]),
  };
}

/** The nearest number with `significand` bits after the leading one, ties to even. No overflow is handled. */
function round(value: number, significand: number, minExponent: number): number {
  if (value === 0) return value;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), minExponent);
  const unit = 2 ** (exponent - significand);
  const scaled = value / unit;
  const below = Math.floor(scaled);
  const up = scaled - below > 0.5 || (scaled - below === 0.5 && below % 2 !== 0);
  return (below + (up ? 1 : 0)) * unit;
}

/** IEEE binary16 bits of a number that binary16 can hold. */
function float16Bits(value: number): number {
  const sign = Object.is(value, -0) || value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -14) return sign | (magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  return sign | ((exponent + 15) << 10) | ((magnitude / 2 ** exponent - 1) * 1024);
}

/** The upper half of the float32 bits. */
function bfloat16Bits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16;
}

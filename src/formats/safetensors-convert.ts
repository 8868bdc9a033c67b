import { DomainError } from '../domain/errors.ts';
import type { SafetensorsDtype } from './safetensors-dtype.ts';

/**
 * The elements as float32, exactly. `bytes` may stand at any offset of its buffer; the result never shares
 * memory with it. The machine must be little-endian, as every one with an onnxruntime build is.
 * Throws `invalid` safetensors_dtype for types other than F32, F16 and BF16.
 */
export function toFloat32(bytes: Uint8Array, dtype: SafetensorsDtype): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(copyBuffer(bytes));
    case 'F16': {
      const halves = new Uint16Array(copyBuffer(bytes));
      const table = halfTable();
      return Float32Array.from(halves, (half) => table[half] as number);
    }
    case 'BF16': {
      const halves = new Uint16Array(copyBuffer(bytes));
      const bits = new Uint32Array(halves.length);
      for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
      return new Float32Array(bits.buffer);
    }
    default:
      throw new DomainError(
        'invalid',
        'safetensors_dtype',
        `A tensor of ${dtype} cannot be read as float32.`,
        {
          expected: ['F32', 'F16', 'BF16'],
          given: dtype,
        },
      );
  }
}

/** Throws `invalid` safetensors_not_finite when a value is NaN or infinite; names the first one. */
export function assertFinite(name: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new DomainError(
    'invalid',
    'safetensors_not_finite',
    `Element ${at} of ${name} is ${values[at]}; every value must be finite.`,
    { param: name, expected: 'finite numbers', given: `${values[at]} at element ${at}` },
  );
}

function copyBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

let halves: Float32Array | undefined;

/** float32 of every IEEE 754 binary16 pattern. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0x1f) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (exponent === 0) return sign * mantissa * 2 ** -24;
    return sign * (0x400 + mantissa) * 2 ** (exponent - 25);
  });
  return halves;
}

import { type Json, strictJson } from './strict-json.ts';

export interface StrictTensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };

/**
 * A second reading of a safetensors file of floats, written from the format's description alone. Throws an Error that
 * says what must not be taken: `an adapter file holds only finite F32, F16 and BF16`.
 */
export function strictTensors(file: Buffer): ReadonlyMap<string, StrictTensor> {
  const length = Number(file.readBigUInt64LE(0));
  const header = strictJson(file.subarray(8, 8 + length)) as Readonly<Record<string, Json>>;
  const start = 8 + length;
  const tensors = new Map<string, StrictTensor>();
  const ranges: [number, number][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const {
      dtype,
      shape,
      data_offsets: offsets,
      ...more
    } = entry as {
      readonly dtype: string;
      readonly shape: number[];
      readonly data_offsets: [number, number];
    };
    must(Object.keys(more).length === 0, `${name} has other fields`);
    must(Array.isArray(shape) && shape.every(isCount), `${name} has a shape that is none`);
    must(Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount), `${name} has no offsets`);
    const size = BYTES[dtype];
    must(size !== undefined, `${name} is ${dtype}`);
    const bytes = shape.reduce((product, dimension) => product * dimension, size!);
    must(offsets[1] - offsets[0] === bytes, `${name} takes ${bytes} bytes, not ${offsets.join()}`);
    must(start + offsets[1] <= file.length, `${name} ends beyond the file`);
    ranges.push([offsets[0], offsets[1]]);
    const data = file.subarray(start + offsets[0], start + offsets[1]);
    tensors.set(name, { shape, values: floats(name, data, dtype) });
  }
  let covered = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    must(from === covered, `bytes ${covered} to ${from} belong to none or to two`);
    covered = to;
  }
  must(start + covered === file.length, 'bytes follow the last tensor');
  return tensors;
}

function floats(name: string, data: Buffer, dtype: string): number[] {
  const values: number[] = [];
  for (let at = 0; at < data.length; at += BYTES[dtype]!) {
    if (dtype === 'F32') values.push(data.readFloatLE(at));
    else values.push(dtype === 'BF16' ? bfloat(data.readUInt16LE(at)) : half(data.readUInt16LE(at)));
  }
  must(values.every(Number.isFinite), `${name} has numbers that are not finite`);
  return values;
}

function bfloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

/** IEEE 754 binary16: one bit of sign, five of exponent, ten of fraction. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

export function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

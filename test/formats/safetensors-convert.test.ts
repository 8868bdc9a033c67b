import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  assertFinite,
  encodeSafetensors,
  parseSafetensors,
  tensorBytes,
  toFloat32,
} from '../../src/formats/safetensors.ts';
import { refused } from './files.ts';

const recorded = readFileSync(new URL('mixed.safetensors', import.meta.url));

test("the writer's bytes are the safetensors library's", () => {
  const header = parseSafetensors(recorded);
  const tensors = header.tensors.map((entry) => ({ ...entry, data: tensorBytes(recorded, header, entry) }));
  assert.deepEqual(encodeSafetensors(tensors.toReversed()), recorded);
});

test('a file without tensors and metadata', () => {
  assert.deepEqual(Buffer.from(encodeSafetensors([], {})).toString('latin1'), '\b\0\0\0\0\0\0\0{}      ');
});

test('the writer refuses data of another size and names given twice', () => {
  const scalar = { name: 'a', dtype: 'F32', shape: [], data: new Uint8Array(4) } as const;
  assert.throws(() => encodeSafetensors([{ ...scalar, shape: [2] }]), RangeError);
  assert.throws(() => encodeSafetensors([scalar, { ...scalar, dtype: 'I32' }]), RangeError);
});

test('values recorded by torch', () => {
  const header = parseSafetensors(recorded);
  const values = (name: string) => {
    const entry = header.tensors.find((tensor) => tensor.name === name)!;
    return [...toFloat32(tensorBytes(recorded, header, entry), entry.dtype)];
  };
  assert.deepEqual(values('a'), [1, 3.140625]);
  assert.deepEqual(values('b'), [1.5, -2, 65504, 2 ** -23]);
  assert.deepEqual(values('\uffff'), [1]);
  assert.deepEqual(values('\u{1f600}'), []);
  assert.throws(() => values('d'), refused('safetensors_dtype', 'invalid'));
});

test('every binary16 pattern, against torch', () => {
  const patterns = Uint16Array.from({ length: 0x10000 }, (_, index) => index);
  const values = toFloat32(new Uint8Array(patterns.buffer), 'F16');
  assert.deepEqual([values[0x7c00], values[0xfc00], values[0x7e00]], [Infinity, -Infinity, NaN]);
  // torch.nan_to_num(torch.arange(65536).to(uint16).view(float16).float(), nan=0.0), its largest finite values for infinities.
  const largest = new Float32Array(Uint32Array.of(0x7f7fffff).buffer)[0]!;
  const finite = values.map((value) =>
    Number.isNaN(value) ? 0 : Math.max(-largest, Math.min(largest, value)),
  );
  assert.equal(
    createHash('sha256').update(new Uint8Array(finite.buffer)).digest('hex'),
    'f9ad1e6186cb490d2651822645fa40613b4fc56b9d0b50406a76f1c8d2c3d185',
  );
});

test('bytes may stand at any offset, and the result is a copy', () => {
  for (const [dtype, bytes] of [
    ['F32', [0, 0, 0x80, 0x3f]],
    ['F16', [0, 0x3c]],
    ['BF16', [0x80, 0x3f]],
  ] as const) {
    const buffer = Buffer.from([7, ...bytes]);
    const values = toFloat32(buffer.subarray(1), dtype);
    buffer.fill(0);
    assert.deepEqual([...values], [1], dtype);
  }
});

test('values that are not finite are named', () => {
  assertFinite('rows', Float32Array.of(0, -0, 3e38));
  for (const value of [NaN, Infinity, -Infinity]) {
    assert.throws(() => assertFinite('rows', Float32Array.of(0, value)), {
      code: 'safetensors_not_finite',
      param: 'rows',
      given: `${value} at element 1`,
    });
  }
});

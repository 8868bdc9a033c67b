import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { byteProductEntries } from '../../src/engine/byte-products.ts';
import {
  createGraph,
  encodeModel,
  float32,
  input,
  int8,
  matMulInteger,
  scalar,
} from '../../src/graph/index.ts';

test('with its session entries, sums of the largest 8-bit products are exact at any number of rows', async () => {
  const [k, n] = [576, 48];
  const a = input('a', 'uint8', ['rows', k]);
  const signs = Array.from({ length: k * n }, (_, i) => (i % n < n / 2 ? 127 : -127));
  const output = matMulInteger(a, scalar(1), int8(signs, [k, n]), float32(new Float32Array(n).fill(1)));
  const session = await InferenceSession.create(encodeModel(createGraph([a], { output })), {
    extra: { session: { ...(await byteProductEntries()) } },
  });
  const expected = 127 * 127 * k;
  for (const rows of [1, 2, 3, 16, 17, 64]) {
    const fed = new Tensor('uint8', new Uint8Array(rows * k).fill(255), [rows, k]);
    const sums = Array.from((await session.run({ a: fed })).output!.data as Float32Array);
    const row = Array.from({ length: n }, (_, i) => (i < n / 2 ? expected : -expected));
    assert.deepEqual(sums, Array.from({ length: rows }, () => row).flat());
  }
  await session.release();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  add,
  cast,
  concat,
  dequantize,
  float32,
  gather,
  gemm,
  input,
  int8,
  int64,
  layerNorm,
  matMul,
  matMulInteger,
  matMulNBits,
  quantize,
  reduceMax,
  reshape,
  rmsNorm,
  rotaryEmbedding,
  type Shape,
  scalar,
  scatterRows,
  shapeOf,
  softmax,
  split,
  toFloat,
  transpose,
  uint8,
  type Value,
} from '../../src/graph/index.ts';
import { apply, external } from '../../src/graph/values.ts';

const x = (...shape: Shape): Value => input('x', 'float32', shape);
const ids = (...shape: Shape): Value => input('ids', 'int64', shape);

test('shapes are inferred through named sizes', () => {
  const hidden = x('batch', 'sequence', 12);
  const heads = transpose(reshape(hidden, [0, 0, 3, 4]), [0, 2, 1, 3]);
  assert.deepEqual(heads.shape, ['batch', 3, 'sequence', 4]);
  assert.deepEqual(reshape(hidden, [-1, 12]).shape, ['batch*sequence', 12]);
  assert.deepEqual(
    reshape(reshape(hidden, [-1, 12]), concat([shapeOf(hidden, 0, 2), int64([6, 2])], 0)).shape,
    ['batch', 'sequence', 6, 2],
  );
  const scores = matMul(heads, x('batch', 3, 4, 'past'));
  assert.deepEqual(concat([scores, x('batch', 3, 'sequence', 'sequence')], -1).shape, [
    'batch',
    3,
    'sequence',
    'past + sequence',
  ]);
  assert.deepEqual(gather(hidden, ids('rows'), 1).shape, ['batch', 'rows', 12]);
});

const blocks = { k: 64, n: 2, bits: 4, blockSize: 32, accuracyLevel: 4 } as const;

/** One call that does not fit its rule, and what the message must say. */
const misfits: readonly [string, () => unknown, RegExp][] = [
  [
    'ScatterND',
    () => scatterRows(x('n', 4), ids('k', 1), x('k', 3)),
    /expected operand 2 of shape \[k, 4\]$/,
  ],
  ['ScatterND', () => scatterRows(x('n', 4), ids('k'), x('k', 4)), /expected a matrix and \[k, 1\] rows$/],
  ['Add', () => add(x(2), x(3)), /^Add\(float32 \[2\], float32 \[3\]\): expected shapes that broadcast$/],
  ['Add', () => add(x(2), ids(2)), /operands of one type/],
  [
    'MatMul',
    () => matMul(x('batch', 4), x(5, 6)),
    /^MatMul\(.*\[batch, 4\].*\[5, 6\]\): .*inner sizes, given 4 and 5/,
  ],
  ['MatMul', () => matMul(x(4), x(4, 6)), /rank 2/],
  ['MatMul', () => matMul(x('batch', 1, 4), x('rows', 4, 2)), /batch sizes that broadcast/],
  ['Gemm', () => gemm(x(2, 4), x(3, 5)), /^Gemm.*inner sizes/],
  ['Gemm', () => gemm(x(1, 2, 4), x(3, 4)), /matrices/],
  ['Gemm', () => gemm(x(2, 4), x(3, 4), x(4)), /a bias that broadcasts to \[2, 3\]/],
  ['Gemm', () => gemm(cast(x(2, 4), 'float16'), x(3, 4)), /operand 1 of float16/],
  ['Add', () => add(cast(x(2), 'float16'), x(2)), /operand 0 of float32 or float64 or int64/],
  ['Softmax', () => softmax(x(2), 1), /^Softmax.*an axis within \[-1, 1\), given 1/],
  ['ReduceMax', () => reduceMax(x(2), [2], true), /^ReduceMax.*an axis within/],
  ['LayerNormalization', () => layerNorm(x(2, 4), x(4), x(3), 1e-5), /operand 2 of shape \[4\]/],
  ['SimplifiedLayerNormalization', () => rmsNorm(x(2, 4), x(3), 1e-5), /operand 1 of shape \[4\]/],
  [
    'Reshape',
    () => reshape(x('batch', 6), [-1, 4]),
    /^Reshape.*as many elements in the target shape \[-1, 4\]/,
  ],
  ['Reshape', () => reshape(x(2, 3), [2, 2]), /as many elements/],
  ['Reshape', () => reshape(x(2, 3), [-1, -1]), /at most one -1/],
  ['Reshape', () => reshape(x(2, 3), [2, 3, 0]), /as many elements/],
  ['Reshape', () => reshape(x(2, 3), ids(2)), /operand 1 to be known/],
  ['Transpose', () => transpose(x(2, 3), [0, 0]), /^Transpose.*perm=0,0\): expected a permutation of 2 axes/],
  ['Transpose', () => transpose(x(2, 3), [0]), /a permutation of 2 axes/],
  ['Cast', () => toFloat(x(2)), /^Cast.*expected a cast to another of float32/],
  ['Cast', () => cast(cast(x(2), 'float16'), 'float16'), /a cast to another of float32, float16/],
  ['Concat', () => concat([x(2, 3), x(3, 3)], 1), /^Concat.*except on axis 1/],
  ['Concat', () => concat([x(2), ids(2)], 0), /operand 1 of float32/],
  ['Concat', () => concat([], 0), /an operand 0/],
  ['Split', () => split(x('batch', 5), int64([2, 2]), 1), /^Split.*add up to 5, given 2,2/],
  ['Gather', () => gather(x(2), x(1), 0), /^Gather.*operand 1 of int64/],
  ['QuantizeLinear', () => quantize(ids(2), scalar(1)), /^QuantizeLinear.*operand 0 of float32/],
  ['DequantizeLinear', () => dequantize(x(2), scalar(1)), /^DequantizeLinear.*operand 0 of int8 or uint8/],
  [
    'MatMulIntegerToFloat',
    () => matMulInteger(quantize(x(2, 3), scalar(1)), scalar(1), int8([1, 2], [2, 1]), float32([1])),
    /inner/,
  ],
  [
    'MatMulIntegerToFloat',
    () => matMulInteger(quantize(x(2, 1), scalar(1)), scalar(1), int8([1, 2], [1, 2]), float32([1])),
    /operand 3 of shape \[2\]/,
  ],
  ['MatMulNBits', () => matMulNBits(x(1, 32), uint8([], [0]), float32([]), blocks), /an input of width K=64/],
  [
    'MatMulNBits',
    () => matMulNBits(x(1, 64), uint8(new Array(64).fill(0), [2, 2, 16]), float32([1, 1, 1]), blocks),
    /operand 2 of shape \[4\]/,
  ],
  [
    'RotaryEmbedding',
    () => rotaryEmbedding(x('batch', 2, 'sequence', 4), ids('batch', 'sequence'), x(8, 4), x(8, 4)),
    /^RotaryEmbedding.*caches \[positions, head_dim \/ 2\]/,
  ],
  [
    'RotaryEmbedding',
    () => rotaryEmbedding(x('batch', 2, 'sequence', 4), ids('sequence', 'batch'), x(8, 2), x(8, 2)),
    /operand 1 of shape \[batch, sequence\]/,
  ],
];

for (const [op, call, message] of misfits) {
  test(`${op} refuses operands that do not fit: ${message.source}`, () => {
    assert.throws(call, { name: 'GraphError', message });
  });
}

test('an op without a rule is refused by name', () => {
  assert.throws(() => apply('Einsum', [x(2)]), { name: 'GraphError', message: /Einsum: no shape rule/ });
  assert.throws(() => apply('MatMul', [x(2, 2), x(2, 2)], {}, 'com.microsoft'), /MatMul: no shape rule/);
});

test('a stored tensor has as many elements and bytes as its shape says', () => {
  assert.throws(() => float32([1, 2, 3], [2, 2]), /3 elements given, shape \[2,2\] has 4/);
  assert.throws(() => float32([1], ['batch']), /cannot have the size batch/);
  assert.throws(
    () => external({ name: 'w', dtype: 'float32', shape: [2, 2], file: 'w.bin', offset: 0, bytes: 8 }),
    /w: 8 bytes given, float32 \[2,2\] needs 16/,
  );
  const half = { name: 'w', dtype: 'float16', shape: [2, 2], file: 'w.bin', offset: 0 } as const;
  assert.equal(external({ ...half, bytes: 8 }).dtype, 'float16');
  assert.throws(() => external({ ...half, bytes: 16 }), /float16 \[2,2\] needs 8/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  abs,
  add,
  cast,
  concat,
  createGraph,
  dequantize,
  div,
  expand,
  float32,
  gather,
  gatherPairs,
  gelu,
  gemm,
  input,
  int8,
  int64,
  layerNorm,
  matMul,
  matMulInteger,
  matMulNBits,
  mul,
  quantize,
  type Result,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  rmsNorm,
  rmsNormalize,
  rotaryEmbedding,
  type Shape,
  scalar,
  scatterRows,
  shapeOf,
  sigmoid,
  sign,
  softmax,
  split,
  toFloat,
  topK,
  transpose,
  uint8,
  type Value,
} from '../../src/graph/index.ts';
import { evaluate, floats, ints, runGraph } from './run-graph.ts';

/** Feeds x = `data` of these dims to a one-input op and compares with hand-computed values. */
async function check(
  build: (x: Value) => Result,
  dims: readonly number[],
  data: readonly number[],
  expected: { dims: readonly number[]; data: readonly number[] },
  shape: Shape = dims,
): Promise<void> {
  const x = input('x', 'float32', shape);
  const output = await evaluate([x], build(x), { x: floats(dims, data) });
  assert.deepEqual(output.dims, expected.dims);
  assert.equal(output.data.length, expected.data.length);
  for (const [index, value] of expected.data.entries()) {
    assert.ok(
      Math.abs(output.data[index]! - value) < 1e-6,
      `[${index}]: ${output.data[index]} instead of ${value}`,
    );
  }
}

test('Abs, Relu, Sign, Sigmoid and Softmax', async () => {
  await check(relu, [3], [-1.5, 0, 2], { dims: [3], data: [0, 0, 2] });
  await check(sign, [3], [-1.5, 0, 2], { dims: [3], data: [-1, 0, 1] });
  await check(abs, [3], [-1.5, 0, 2], { dims: [3], data: [1.5, 0, 2] });
  await check(sigmoid, [3], [0, Math.log(3), -Math.log(3)], { dims: [3], data: [0.5, 0.75, 0.25] });
  await check((x) => softmax(x, -1), [2, 2], [0, Math.log(3), 5, 5], {
    dims: [2, 2],
    data: [0.25, 0.75, 0.5, 0.5],
  });
});

test('Cast makes integers floats, and Split parts both', async () => {
  const ids = input('ids', 'int64', [3]);
  const [, tail] = split(ids, concat([int64([1]), int64([2])], 0), 0);
  const output = await evaluate([ids], toFloat(tail!), { ids: ints([3], [-7, 0, 9]) });
  assert.deepEqual(output, { dims: [2], data: [0, 9] });
});

test('float16 is cast, with its rounding, moved and multiplied', async () => {
  const half = (x: Value): Result => cast(x, 'float16');
  // Steps of 2^-10 from 1 on; 65504 is the largest.
  await check((x) => toFloat(half(x)), [4], [1.0006, -1.0004, 65519, -70], {
    dims: [4],
    data: [1 + 2 ** -10, -1, 65504, -70],
  });
  await check((x) => toFloat(reshape(concat([half(x), half(x)], 1), [-1])), [2, 1], [1, 2], {
    dims: [4],
    data: [1, 1, 2, 2],
  });
  await check((x) => toFloat(expand(half(x), shapeOf(float32([0, 0]), 0, 1))), [1], [3], {
    dims: [2],
    data: [3, 3],
  });
  const matrix = float32([1, 2, 3, 4], [2, 2]);
  await check((x) => toFloat(gemm(half(x), half(matrix))), [1, 2], [1, 1], { dims: [1, 2], data: [3, 7] });
});

test('Add, Mul and Div broadcast', async () => {
  const row = float32([10, 20]);
  await check((x) => add(x, row), [2, 2], [1, 2, 3, 4], { dims: [2, 2], data: [11, 22, 13, 24] });
  await check((x) => mul(x, row), [2, 1], [1, 3], { dims: [2, 2], data: [10, 20, 30, 60] });
  await check((x) => div(row, x), [2], [4, 5], { dims: [2], data: [2.5, 4] });
});

test('ReduceMax keeps the axis, ReduceSum drops it when told', async () => {
  await check((x) => reduceMax(x, [-1], true), [2, 2], [1, 4, 3, 2], { dims: [2, 1], data: [4, 3] });
  await check((x) => reduceMax(x, [0], false), [2], [1, 4], { dims: [], data: [4] });
  await check((x) => reduceSum(x, [0], false), [2, 2], [1, 4, 3, 2], { dims: [2], data: [4, 6] });
  await check((x) => reduceSum(x, [0, 1], true), [2, 2], [1, 4, 3, 2], { dims: [1, 1], data: [10] });
});

test('MatMul multiplies the last two axes; Gemm takes the second operand transposed and a bias', async () => {
  const matrix = float32([1, 2, 3, 4], [2, 2]);
  await check((x) => matMul(x, matrix), [2, 1, 2], [1, 1, 0, 2], { dims: [2, 1, 2], data: [4, 6, 6, 8] });
  await check((x) => gemm(x, matrix), [1, 2], [1, 1], { dims: [1, 2], data: [3, 7] });
  await check((x) => gemm(x, matrix, float32([10, 20])), [1, 2], [1, 1], { dims: [1, 2], data: [13, 27] });
});

test('a product over no elements is zero: the past may be empty', async () => {
  await check((x) => matMul(x, transpose(x, [1, 0])), [2, 0], [], { dims: [2, 2], data: [0, 0, 0, 0] }, [
    2,
    'past',
  ]);
});

test('Shape, Reshape, Transpose, Concat, Split and Gather move elements', async () => {
  const data = [1, 2, 3, 4, 5, 6];
  const named: Shape = ['batch', 'sequence'];
  await check((x) => reshape(x, [0, -1, 1]), [2, 3], data, { dims: [2, 3, 1], data }, named);
  await check(
    (x) => reshape(reshape(x, [-1]), concat([shapeOf(x, 0, 2), int64([1])], 0)),
    [2, 3],
    data,
    { dims: [2, 3, 1], data },
    named,
  );
  await check((x) => transpose(x, [1, 0]), [2, 3], data, { dims: [3, 2], data: [1, 4, 2, 5, 3, 6] });
  await check((x) => concat([x, x], 1), [2, 1], [1, 2], { dims: [2, 2], data: [1, 1, 2, 2] });
  await check((x) => split(x, int64([1, 2]), -1)[1]!, [2, 3], data, { dims: [2, 2], data: [2, 3, 5, 6] });
  await check((x) => gather(x, int64([1, 1, 0]), 0), [2, 2], [1, 2, 3, 4], {
    dims: [3, 2],
    data: [3, 4, 3, 4, 1, 2],
  });
});

test('Shape gives the sizes of a run', async () => {
  const x = input('x', 'float32', ['batch', 'sequence', 4]);
  const output = await evaluate([x], shapeOf(x, 0, 2), { x: floats([2, 3, 4], new Float32Array(24)) });
  assert.deepEqual(output, { dims: [2], data: [2, 3] });
});

test('RMSNorm divides by the root of the mean square', async () => {
  // mean(3^2, 4^2) = 12.5; epsilon 12.5 makes the root 5.
  await check((x) => rmsNorm(x, float32([1, 2]), 12.5), [1, 2], [3, 4], { dims: [1, 2], data: [0.6, 1.6] });
});

test('QuantizeLinear rounds half to even around 128 and saturates', async () => {
  await check((x) => quantize(x, scalar(0.5)), [7], [0, 0.25, 0.75, -0.25, 1, 1000, -1000], {
    dims: [7],
    data: [128, 128, 130, 128, 130, 255, 0],
  });
});

test('DequantizeLinear gives the rounded values back', async () => {
  await check((x) => dequantize(quantize(x, scalar(0.5)), scalar(0.5)), [3], [0.8, -3, 1000], {
    dims: [3],
    data: [1, -3, 63.5],
  });
});

test('LayerNormalization, and Gelu in its tanh form', async () => {
  // Mean 4, variance 4, epsilon 5: the root is 3.
  const norm = (x: Value): Result => layerNorm(x, float32([3, 6]), float32([0, 1]), 5);
  await check(norm, [1, 2], [2, 6], { dims: [1, 2], data: [-2, 5] });
  const tanhForm = (x: number): number =>
    0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const values = [-3, -1, 0, 0.5, 2];
  await check(gelu, [5], values, { dims: [5], data: values.map(tanhForm) });
});

test('SimplifiedLayerNormalization gives the inverse root beside the normalised row', async () => {
  // mean(3^2, 4^2) = 12.5; epsilon 12.5 makes the root 5.
  const units = float32([10, 10]);
  await check((x) => rmsNormalize(x, units, 12.5)[0], [1, 2], [3, 4], { dims: [1, 2], data: [6, 8] });
  await check((x) => rmsNormalize(x, units, 12.5)[1], [1, 2], [3, 4], { dims: [1, 1], data: [0.2] });
});

test('MatMulIntegerToFloat multiplies integers and scales columns', async () => {
  const weight = int8([1, -2, 3, 4], [2, 2]);
  // (2*1 + -4*3, 2*-2 + -4*4) = (-10, -20), scaled by 0.5 and the columns' 1 and 10.
  await check(
    (x) => matMulInteger(quantize(x, scalar(1)), scalar(0.5), weight, float32([1, 10])),
    [1, 2],
    [2, -4],
    {
      dims: [1, 2],
      data: [-5, -100],
    },
  );
});

test('MatMulNBits unpacks low nibbles first, minus 8, times the scale of the block', async () => {
  const options = { k: 32, n: 2, bits: 4, blockSize: 16, accuracyLevel: 1 } as const;
  const packed = new Array<number>(32).fill(0x88);
  packed[0] = 0x8b; // output 0, block 0, element 0: 11 - 8 = 3
  packed[15] = 0x68; // output 0, block 1, element 15 (the high nibble): 6 - 8 = -2
  packed[16] = 0x98; // output 1, block 0, element 1: 9 - 8 = 1
  const x = Array.from({ length: 32 }, (_, i) => i + 1);
  await check(
    (value) => matMulNBits(value, uint8(packed, [2, 2, 8]), float32([0.5, 2, 10, 1]), options),
    [1, 32],
    x,
    { dims: [1, 2], data: [3 * 0.5 * 1 + -2 * 2 * 32, 1 * 10 * 2] },
  );
});

test('RotaryEmbedding pairs element j with element j + head_dim / 2', async () => {
  const x = input('x', 'float32', ['batch', 1, 'sequence', 4]);
  const positions = input('positions', 'int64', ['batch', 'sequence']);
  const cos = float32([1, 1, 0, 0.6], [2, 2]);
  const sin = float32([0, 0, 1, 0.8], [2, 2]);
  const output = await evaluate([x, positions], rotaryEmbedding(x, positions, cos, sin), {
    x: floats([2, 1, 1, 4], [1, 2, 3, 4, 1, 2, 3, 4]),
    positions: ints([2, 1], [1, 0]),
  });
  // Position 1: (1*0 - 3*1, 2*0.6 - 4*0.8, 3*0 + 1*1, 4*0.6 + 2*0.8); position 0 is unchanged.
  const expected = [-3, -2, 1, 4, 1, 2, 3, 4];
  for (const [index, value] of expected.entries()) {
    assert.ok(Math.abs(output.data[index]! - value) < 1e-6, `${output.data}`);
  }
});

test('ScatterND replaces rows, and leaves the others', async () => {
  const x = input('x', 'float32', ['n', 2]);
  const indices = input('indices', 'int64', ['k', 1]);
  const updates = input('updates', 'float32', ['k', 2]);
  const { y } = await runGraph(createGraph([x, indices, updates], { y: scatterRows(x, indices, updates) }), {
    x: floats([3, 2], [1, 2, 3, 4, 5, 6]),
    indices: ints([2, 1], [2, 0]),
    updates: floats([2, 2], [7, 8, 9, 10]),
  });
  assert.deepEqual(y!.dims, [3, 2]);
  assert.deepEqual(y!.data, [9, 10, 3, 4, 7, 8]);
});

test('TopK sorts, lower index first among equals; GatherND picks pairs, or none', async () => {
  const x = input('x', 'float32', ['rows', 4]);
  const pairs = input('pairs', 'int64', ['pairs', 2]);
  const [values, indices] = topK(x, 3);
  const graph = createGraph([x, pairs], { values, indices, picked: gatherPairs(x, pairs) });
  const {
    values: best,
    indices: places,
    picked,
  } = await runGraph(graph, {
    x: floats([2, 4], [1, 5, 5, 2, -1, -3, -2, -4]),
    pairs: ints([3, 2], [1, 3, 0, 0, 1, 3]),
  });
  assert.deepEqual(best!.data, [5, 5, 2, -1, -2, -3]);
  assert.deepEqual(places!.data, [1, 2, 3, 0, 2, 1]);
  assert.deepEqual(picked!.data, [-4, 1, -4]);
  const none = await runGraph(graph, { x: floats([1, 4], [1, 2, 3, 4]), pairs: ints([0, 2], []) });
  assert.deepEqual(none.picked!.dims, [0]);
});

test('one run gives several outputs', async () => {
  const x = input('x', 'float32', [2]);
  const outputs = await runGraph(createGraph([x], { double: add(x, x), square: mul(x, x) }), {
    x: floats([2], [3, 4]),
  });
  assert.deepEqual(
    [outputs.double!.data, outputs.square!.data],
    [
      [6, 8],
      [9, 16],
    ],
  );
});

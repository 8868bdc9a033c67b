import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRADIENT_RULES } from '../../src/graph/gradients/table.ts';
import {
  abs,
  add,
  concat,
  createGraph,
  div,
  exp,
  expand,
  float32,
  fusedMatMul,
  GraphError,
  gather,
  gatherElements,
  gelu,
  gemm,
  gradients,
  type Input,
  input,
  int64,
  layerNorm,
  logSoftmax,
  matMul,
  mul,
  neg,
  type Result,
  reduceSum,
  relu,
  reshape,
  rmsNorm,
  rotaryEmbedding,
  scalar,
  shapeOf,
  sigmoid,
  silu,
  softmax,
  split,
  sub,
  toFloat,
  transpose,
  type Value,
} from '../../src/graph/index.ts';
import { checkGradients, type Operand } from './finite-differences.ts';
import { evaluate, type Feeds, floats, ints } from './run-graph.ts';

interface Case {
  readonly operands: readonly Operand[];
  readonly build: (values: readonly Value[]) => Result;
  readonly output: readonly number[];
  readonly others?: { readonly inputs: readonly Input[]; readonly feeds: Feeds };
}

const one = (dims: readonly number[], build: (x: Value) => Result, output = dims, centre = 0): Case => ({
  operands: [{ dims, centre }],
  build: ([x]) => build(x!),
  output,
});
const two = (
  a: Operand,
  b: Operand,
  build: (a: Value, b: Value) => Result,
  output: readonly number[],
): Case => ({ operands: [a, b], build: ([x, y]) => build(x!, y!), output });

const positions = input('positions', 'int64', [1, 3]);
const table = (values: (angle: number) => number): Value =>
  float32(
    Array.from({ length: 5 * 2 }, (_, i) => values(i / 3)),
    [5, 2],
  );
const rotate = (x: Value): Result => rotaryEmbedding(x, positions, table(Math.cos), table(Math.sin));
const rotated = { inputs: [positions], feeds: { positions: ints([1, 3], [4, 0, 2]) } };
const named = { dims: [2, 3], shape: ['rows', 3] } as const;

/** At least one case for every rule of the table; named sizes where the training graphs have them. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  Add: [
    two({ dims: [2, 3] }, { dims: [2, 3] }, add, [2, 3]),
    two({ dims: [3] }, { dims: [2, 4, 1] }, add, [2, 4, 3]),
    two(named, { dims: [] }, add, [2, 3]),
  ],
  Sub: [two({ dims: [2, 3] }, { dims: [2, 1] }, sub, [2, 3]), one([2], (x) => sub(scalar(1), x))],
  Neg: [one([3], neg)],
  Mul: [
    two({ dims: [2, 3] }, { dims: [3] }, mul, [2, 3]),
    two({ dims: [2, 1, 3] }, { dims: [4, 1] }, mul, [2, 4, 3]),
    one([3], (x) => mul(x, x)),
  ],
  Div: [two({ dims: [2, 3] }, { dims: [3], centre: 3 }, div, [2, 3])],
  Exp: [one([4], exp)],
  QuickGelu: [one([2, 3], silu)],
  Gelu: [one([2, 5], gelu, [2, 5], 0.5), one([3], gelu, [3], -2)],
  Relu: [one([2, 3], relu, [2, 3], 2), one([3], relu, [3], -2)],
  Sigmoid: [one([2, 3], sigmoid), one([4], (x) => mul(x, sigmoid(x)))],
  MatMul: [
    two({ dims: [2, 3] }, { dims: [3, 4] }, matMul, [2, 4]),
    two({ dims: [2, 5, 3] }, { dims: [3, 4] }, matMul, [2, 5, 4]),
    two({ dims: [2, 1, 2, 3] }, { dims: [2, 3, 4] }, matMul, [2, 2, 2, 4]),
  ],
  FusedMatMul: [
    two({ dims: [2, 2, 3] }, { dims: [2, 4, 3] }, (a, b) => fusedMatMul(a, b, { transB: true }), [2, 2, 4]),
    two({ dims: [3, 2] }, { dims: [3, 4] }, (a, b) => fusedMatMul(a, b, { transA: true }), [2, 4]),
    two(
      { dims: [3, 2] },
      { dims: [4, 3] },
      (a, b) => fusedMatMul(a, b, { transA: true, transB: true, alpha: 0.5 }),
      [2, 4],
    ),
    two(
      { dims: [2, 2, 3] },
      { dims: [4, 3] },
      (a, b) => fusedMatMul(a, b, { transB: true, alpha: 2 }),
      [2, 2, 4],
    ),
  ],
  Gemm: [
    two({ dims: [2, 3] }, { dims: [4, 3] }, gemm, [2, 4]),
    {
      operands: [named, { dims: [4, 3] }, { dims: [4] }],
      build: ([a, b, c]) => gemm(a!, b!, c!),
      output: [2, 4],
    },
  ],
  ReduceSum: [
    one([2, 3], (x) => reduceSum(x, [-1], true), [2, 1]),
    one([2, 3, 2], (x) => reduceSum(x, [0, 2], false), [3]),
    { operands: [named], build: ([x]) => reduceSum(x!, [1], false), output: [2] },
  ],
  Softmax: [one([2, 4], (x) => softmax(x, -1)), one([3, 2], (x) => softmax(x, 0))],
  LogSoftmax: [one([2, 4], (x) => logSoftmax(x, -1)), one([3, 2], (x) => logSoftmax(x, 0))],
  SimplifiedLayerNormalization: [
    two({ dims: [2, 6] }, { dims: [6], centre: 1 }, (x, scale) => rmsNorm(x, scale, 1e-5), [2, 6]),
    // A large epsilon shows whether it has its place in the gradient.
    two(named, { dims: [3] }, (x, scale) => rmsNorm(x, scale, 0.5), [2, 3]),
  ],
  LayerNormalization: [
    {
      operands: [{ dims: [2, 6] }, { dims: [6], centre: 1 }, { dims: [6] }],
      build: ([x, scale, bias]) => layerNorm(x!, scale!, bias!, 1e-5),
      output: [2, 6],
    },
    {
      operands: [named],
      build: ([x]) => layerNorm(x!, float32([1, 2, 3]), float32([0, 1, 2]), 0.5),
      output: [2, 3],
    },
  ],
  Reshape: [
    one([2, 6], (x) => reshape(x, [2, 3, 2]), [2, 3, 2]),
    { operands: [named], build: ([x]) => reshape(x!, [-1]), output: [6] },
  ],
  Expand: [one([3, 1], (x) => expand(x, int64([2, 3, 2])), [2, 3, 2])],
  Transpose: [one([2, 3, 4], (x) => transpose(x, [1, 2, 0]), [3, 4, 2])],
  Concat: [
    two({ dims: [2, 3] }, { dims: [2, 1] }, (a, b) => concat([a, b], -1), [2, 4]),
    two(named, { dims: [1, 3] }, (a, b) => concat([a, b, a], 0), [5, 3]),
  ],
  Split: [
    one([2, 5], (x) => split(x, int64([2, 3]), -1)[1]!, [2, 3]),
    one([5], (x) => add(split(x, int64([2, 1, 2]), 0)[2]!, split(x, int64([2, 1, 2]), 0)[0]!), [2]),
  ],
  Gather: [
    one([4, 3], (x) => gather(x, int64([2, 0, 2]), 0), [3, 3]),
    one([3, 2, 2], (x) => gather(x, int64([1, 1, 0, 2], [2, 2]), 0), [2, 2, 2, 2]),
    { operands: [named], build: ([x]) => gather(x!, int64([1]), 0), output: [1, 3] },
  ],
  GatherElements: [
    one([2, 4], (x) => gatherElements(x, int64([3, 0, 3, 1, 1, 1], [2, 3]), -1), [2, 3]),
    one([3, 2], (x) => gatherElements(x, int64([2, 0], [1, 2]), 0), [1, 2]),
  ],
  RotaryEmbedding: [
    { operands: [{ dims: [1, 2, 3, 4] }], build: ([x]) => rotate(x!), output: [1, 2, 3, 4], others: rotated },
    { operands: [{ dims: [1, 3, 8] }], build: ([x]) => rotate(x!), output: [1, 3, 8], others: rotated },
  ],
};

test('every rule has a case', () => {
  assert.deepEqual([...GRADIENT_RULES.keys()].toSorted(), Object.keys(CASES).toSorted());
});

for (const [op, cases] of Object.entries(CASES)) {
  for (const [index, { operands, build, output, others }] of cases.entries()) {
    test(`${op}, case ${index}: the rule equals finite differences`, () =>
      checkGradients(operands, build, output, others));
  }
}

test('a value that is read several times receives the sum', async () => {
  const x = input('x', 'float32', [2]);
  // L = sum(x * x + 3 x), read through two paths of different length.
  const loss = reduceSum(add(mul(x, x), reshape(mul(x, scalar(3)), [2])), [0], false);
  const [gradient] = gradients(loss, [x]);
  const { data } = await evaluate([x], gradient as Result, { x: floats([2], [2, -1]) });
  assert.deepEqual(data, [7, 1]);
});

test('an op without a rule is refused by name, but only on the way to a wanted value', () => {
  const [x, frozen] = [input('x', 'float32', [2]), input('frozen', 'float32', [2])];
  const loss = reduceSum(mul(x, abs(frozen)), [0], false);
  assert.equal(gradients(loss, [x]).length, 1);
  assert.throws(
    () => gradients(loss, [frozen]),
    (error: Error) => error instanceof GraphError && /^Abs: no gradient rule/.test(error.message),
  );
});

test('frozen operands are not differentiated', () => {
  const [x, weight] = [input('x', 'float32', [2, 3]), input('weight', 'float32', [4, 3])];
  const loss = reduceSum(gemm(x, weight), [0, 1], false);
  const [gradient] = gradients(loss, [x]);
  const products = createGraph([x, weight], { gradient: gradient as Result }).nodes.filter(({ op }) =>
    ['Gemm', 'MatMul', 'FusedMatMul'].includes(op),
  );
  assert.equal(products.length, 1);
});

test('what is computed from a shape is constant, by ops without a rule too', async () => {
  const x = input('x', 'float32', ['rows', 2]);
  // L = rows * sum(x).
  const loss = reduceSum(mul(x, toFloat(shapeOf(x, 0, 1))), [0, 1], false);
  const [gradient] = gradients(loss, [x]);
  const { data } = await evaluate([x], gradient as Result, { x: floats([3, 2], [1, 2, 3, 4, 5, 6]) });
  assert.deepEqual(data, [3, 3, 3, 3, 3, 3]);
});

test('only a scalar is differentiated, and only values that reach it', () => {
  const [x, other] = [input('x', 'float32', [2]), input('other', 'float32', [2])];
  assert.throws(() => gradients(mul(x, x), [x]), /only a scalar/);
  assert.throws(() => gradients(reduceSum(mul(x, x), [0], false), [other]), /does not reach/);
});

test('a gradient of an unknown number of rows keeps its name', () => {
  const x = input('x', 'float32', ['rows', 3]);
  const y = concat([x, shapedOnes(x)], 0);
  const [gradient] = gradients(reduceSum(mul(y, y), [0, 1], false), [x]);
  assert.deepEqual(gradient!.shape, ['rows', 3]);
});

const shapedOnes = (x: Value): Value => expand(scalar(1), shapeOf(x, 0, 2));

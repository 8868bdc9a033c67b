import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  add,
  createGraph,
  external,
  input,
  int64,
  mul,
  printGraph,
  type Result,
  scalar,
  sigmoid,
  split,
} from '../../src/graph/index.ts';

const x = input('x', 'float32', ['batch', 4]);
const weight = (bytes: number, offset = 0) =>
  external({ name: 'w', dtype: 'float32', shape: [bytes / 4], file: 'weights.bin', offset, bytes });

test('equal applications of an op become one node', () => {
  const graph = createGraph([x], { y: add(mul(sigmoid(x), scalar(2)), mul(sigmoid(x), scalar(2))) });
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ['Sigmoid', 'Mul', 'Add'],
  );
  assert.equal(graph.constants.length, 1);
  const [, product, sum] = graph.nodes;
  assert.deepEqual(sum!.inputs, [product!.outputs[0], product!.outputs[0]]);
});

test('different constants, attributes or outputs stay apart', () => {
  const [left, right] = split(x, int64([1, 3]), 1);
  const graph = createGraph([x], {
    a: add(left!, scalar(1)),
    b: add(left!, scalar(2)),
    c: add(right!, scalar(1)),
    d: add(split(x, int64([3, 1]), 1)[1]!, scalar(1)),
  });
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ['Split', 'Add', 'Add', 'Add', 'Split', 'Add'],
  );
});

test('a node stands after everything that it reads, also at the end of a very long chain', () => {
  let y: Result = sigmoid(x);
  for (let step = 0; step < 20_000; step++) y = add(y, x);
  const { nodes } = createGraph([x], { y });
  assert.equal(nodes.length, 20_001);
  assert.equal(nodes[0]!.op, 'Sigmoid');
  for (const [index, node] of nodes.entries()) {
    if (index > 0) assert.equal(node.inputs[0], nodes[index - 1]!.outputs[0]);
  }
});

test('undeclared and doubled names are refused', () => {
  const y = add(x, input('z', 'float32', [4]));
  assert.throws(() => createGraph([x], { y }), /z: read by a node, but not declared/);
  assert.throws(() => createGraph([x, x], { y: sigmoid(x) }), /x: two inputs of this name/);
  assert.throws(() => createGraph([x], { a: sigmoid(x), b: sigmoid(x) }), /two outputs are the same value/);
  assert.throws(
    () => createGraph([x], { y: add(add(x, weight(16)), weight(16, 64)) }),
    /w: two external tensors of this name differ/,
  );
});

test('the printed graph shows every value, and is the same for graphs built alike', () => {
  const build = () => {
    const [left, right] = split(add(x, weight(16)), int64([1, 3]), 1);
    return createGraph([x], { y: mul(add(left!, scalar(0.5)), right!) });
  };
  assert.equal(
    printGraph(build()),
    `input x : float32 [batch, 4]
external w : float32 [4] @ weights.bin+0
constant constant_0 : int64 [2] (1, 3)
constant constant_1 : float32 [] (0.5)
t0 = Add(x, w) : float32 [batch, 4]
t1.0, t1.1 = Split(t0, constant_0) {axis=1} : float32 [batch, 1], float32 [batch, 3]
t2 = Add(t1.0, constant_1) : float32 [batch, 1]
y = Mul(t2, t1.1) : float32 [batch, 3]
output y : float32 [batch, 3]
`,
  );
  assert.equal(printGraph(build()), printGraph(build()));
});

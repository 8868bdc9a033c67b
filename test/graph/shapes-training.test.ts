import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  expand,
  fusedMatMul,
  GraphError,
  gatherElements,
  input,
  int64,
  oneHot,
  type Result,
  rotaryEmbedding,
  type Shape,
  scatterAdd,
  type Value,
} from '../../src/graph/index.ts';

const f = (...shape: Shape): Value => input('x', 'float32', shape);
const i = (...shape: Shape): Value => input('i', 'int64', shape);

test('shapes of the ops that losses and gradients use', () => {
  const cases: readonly [Result, Shape][] = [
    [fusedMatMul(f('b', 3, 'k'), f('b', 'k', 4)), ['b', 3, 4]],
    [fusedMatMul(f('k', 3), f(4, 'k'), { transA: true, transB: true }), [3, 4]],
    [expand(f('n', 1), int64([2, 1, 5])), [2, 'n', 5]],
    [gatherElements(f('n', 9), i('n', 2), -1), ['n', 2]],
    [scatterAdd(f('n', 9), i('n', 2), f('n', 2), -1), ['n', 9]],
    [oneHot(i('n'), int64([7])), ['n', 7]],
    [rotaryEmbedding(f(1, 'n', 24), i(1), f('n', 4), f('n', 4)), [1, 'n', 24]],
  ];
  for (const [{ shape }, expected] of cases) assert.deepEqual(shape, expected);
});

test('operands that do not fit are refused', () => {
  const cases: readonly (() => Result)[] = [
    () => fusedMatMul(f(2, 3), f(2, 3)),
    () => fusedMatMul(f(2, 3), f(3, 2), { transA: true }),
    () => expand(f(3), int64([2])),
    () => gatherElements(f('n', 9), i('m', 2), -1),
    () => gatherElements(f('n', 9), i('n'), -1),
    () => scatterAdd(f('n', 9), i('n', 2), f('n', 3), -1),
    () => oneHot(f('n'), int64([7])),
    () => rotaryEmbedding(f(1, 'n', 20), i(1), f('n', 4), f('n', 4)),
    () => rotaryEmbedding(f(1, 'n', 24), i(2), f('n', 4), f('n', 4)),
  ];
  for (const build of cases) assert.throws(build, GraphError);
});

import { broadcastShapes, formatShape } from './dims.ts';
import type { Operands, ShapeRule } from './operands.ts';
import type { Dim, TensorType } from './types.ts';

const NUMBERS = ['float32', 'float64', 'int64'] as const;

/** How many turns a loop made is only known when it has ended. */
const TURNS: Dim = 'turns';

const comparison: ShapeRule = (op) => {
  const [a, b] = [op.operand(0, ...NUMBERS), op.operand(1, ...NUMBERS)];
  if (a.dtype !== b.dtype) op.fail('operands of one type');
  return [{ dtype: 'bool', shape: broadcastShapes(a.shape, b.shape) ?? op.fail('shapes that broadcast') }];
};

/** A state as the body reads it, which `given` must fit: a name that it has for itself stands for any size. */
function checkState(op: Operands, given: TensorType, inside: TensorType, grown: ReadonlySet<Dim>): void {
  const fits =
    given.dtype === inside.dtype &&
    given.shape.length === inside.shape.length &&
    given.shape.every((dim, axis) => dim === inside.shape[axis] || grown.has(inside.shape[axis]!));
  if (!fits) {
    op.fail(
      `a state ${inside.dtype} ${formatShape(inside.shape)}, given ${given.dtype} ${formatShape(given.shape)}`,
    );
  }
}

/** Shape rules of the standard ONNX ops that repeat decode steps (opset 21). */
export const DECODING_RULES: Readonly<Record<string, ShapeRule>> = {
  Equal: comparison,
  Less: comparison,
  LessOrEqual: comparison,

  Where: (op) => {
    const { shape } = op.operand(0, 'bool');
    const [a, b] = [op.operand(1, ...NUMBERS), op.operand(2, ...NUMBERS)];
    if (a.dtype !== b.dtype) op.fail('operands of one type');
    const values = broadcastShapes(a.shape, b.shape) ?? op.fail('shapes that broadcast');
    return [{ dtype: a.dtype, shape: broadcastShapes(shape, values) ?? op.fail('shapes that broadcast') }];
  },

  ScatterND: (op) => {
    const { dtype, shape } = op.operand(0, 'float32', 'float16');
    const indices = op.operand(1, 'int64').shape;
    if (shape.length !== 2 || indices.length !== 2 || indices[1] !== 1) op.fail('a matrix and [k, 1] rows');
    op.shaped(2, [indices[0]!, shape[1]!], dtype);
    return [{ dtype, shape }];
  },

  Loop: (op) => {
    op.shaped(0, [], 'int64');
    op.shaped(1, [], 'bool');
    const { inputs, captured, outputs } = op.graph('body');
    const states = op.inputs.slice(2).map((state) => state ?? op.fail('every state'));
    const [turn, going, ...inside] = inputs;
    const [goesOn, ...results] = outputs.map(({ value }) => value);
    if (inside.length !== states.length || results.length < states.length) {
      op.fail(`a body of ${states.length} states`);
    }
    checkState(op, turn ?? op.fail('a body that counts its turns'), { dtype: 'int64', shape: [] }, new Set());
    for (const flag of [going, goesOn]) {
      checkState(
        op,
        flag ?? op.fail('a body that says whether it goes on'),
        { dtype: 'bool', shape: [] },
        new Set(),
      );
    }
    const known = new Set([...states, ...captured].flatMap(({ shape }) => shape));
    const grown = new Set(
      inside.flatMap(({ shape }) => shape.filter((dim) => typeof dim === 'string' && !known.has(dim))),
    );
    inside.forEach((state, index) => {
      checkState(op, states[index]!, state, grown);
      checkState(op, results[index]!, state, grown);
    });
    return [
      ...inside.map(({ dtype, shape }) => ({ dtype, shape })),
      ...results.slice(states.length).map(({ dtype, shape }) => ({ dtype, shape: [TURNS, ...shape] })),
    ];
  },
};

import { divideDims, equalShapes, multiplyDims } from './dims.ts';
import type { ShapeRule } from './operands.ts';
import { productShape, unary } from './shapes-standard.ts';

/** Shape rules of the com.microsoft domain, after ONNX Runtime's ContribOperators reference. */
export const CONTRIB_RULES: Readonly<Record<string, ShapeRule>> = {
  QuickGelu: unary,

  FusedMatMul: (op) => {
    const [a, b] = [op.operand(0, 'float32').shape, op.operand(1, 'float32').shape];
    const turned = op.int('transA', 0) === 1 ? [...a.slice(0, -2), a.at(-1)!, a.at(-2)!] : a;
    return [{ dtype: 'float32', shape: productShape(op, turned, b, op.int('transB', 0) === 1) }];
  },

  MatMulNBits: (op) => {
    const { shape } = op.operand(0, 'float32');
    const [k, n, bits, block] = [op.int('K'), op.int('N'), op.int('bits'), op.int('block_size')];
    if (shape.at(-1) !== k) op.fail(`an input of width K=${k}`);
    if (bits !== 4 && bits !== 8) op.fail('4 or 8 bits');
    const blocks = Math.ceil(k / block);
    op.shaped(1, [n, blocks, (block * bits) / 8], 'uint8');
    op.shaped(2, [n * blocks], 'float32');
    return [{ dtype: 'float32', shape: shape.with(-1, n) }];
  },

  MatMulIntegerToFloat: (op) => {
    const [a, b] = [op.operand(0, 'uint8', 'int8'), op.operand(1, 'uint8', 'int8')];
    const shape = productShape(op, a.shape, b.shape, false);
    op.shaped(2, [], 'float32');
    op.shaped(3, b.shape.slice(-1), 'float32');
    if (op.optional(4, a.dtype) !== null) op.shaped(4, [], a.dtype);
    return [{ dtype: 'float32', shape }];
  },

  RotaryEmbedding: (op) => {
    const { shape } = op.operand(0, 'float32');
    const width = shape.at(-1) ?? 0;
    if ((shape.length !== 4 && shape.length !== 3) || typeof width !== 'number')
      op.fail('an input [batch, heads, sequence, head_dim] or [batch, sequence, heads * head_dim]');
    const positions = op.operand(1, 'int64');
    // One number for all: the position of the first token, the others count from there.
    if (!equalShapes(positions.shape, [1])) op.shaped(1, [shape[0]!, shape.at(-2)!], 'int64');
    const cos = op.operand(2, 'float32');
    const headDim = multiplyDims(2, cos.shape[1] ?? 0);
    const fits = shape.length === 4 ? headDim === width : divideDims(width, headDim) !== null;
    if (cos.shape.length !== 2 || !fits) op.fail('caches [positions, head_dim / 2]');
    op.shaped(3, cos.shape, 'float32');
    return [{ dtype: 'float32', shape }];
  },
};

import assert from 'node:assert/strict';
import ort from 'onnxruntime-node';
import {
  createGraph,
  encodeModel,
  gradients,
  type Input,
  input,
  mul,
  type Result,
  reduceSum,
  type Shape,
  scalar,
  type Value,
} from '../../src/graph/index.ts';
import { randomNumbers } from '../families/weight-file.ts';
import { type Feeds, floats, runSession, sessionOptions } from './run-graph.ts';

/** One operand that is differentiated. */
export interface Operand {
  readonly dims: readonly number[];
  /** Named sizes instead of `dims` in the graph. */
  readonly shape?: Shape;
  /** Added to numbers in [-1, 1): keeps the operand of a logarithm or a quotient away from 0. */
  readonly centre?: number;
}

const STEP = 1e-2;
const TOLERANCE = 2e-3;

/**
 * Compares the gradients of L = sum(weights * build(operands)) with central differences of L, element by element.
 * The weights are random, so that no error cancels. L is summed here in float64: only the op itself is float32.
 */
export async function checkGradients(
  operands: readonly Operand[],
  build: (values: readonly Value[]) => Result,
  outputDims: readonly number[],
  others: { readonly inputs: readonly Input[]; readonly feeds: Feeds } = { inputs: [], feeds: {} },
): Promise<void> {
  const random = randomNumbers(7);
  const inputs = operands.map(({ dims, shape }, index) => input(`x${index}`, 'float32', shape ?? dims));
  const values = operands.map(({ dims, centre = 0 }) =>
    Float32Array.from({ length: size(dims) }, () => centre + random()),
  );
  const weights = Float32Array.from({ length: size(outputDims) }, random);
  const y = build(inputs);
  const weighting = input('weights', 'float32', y.shape);
  const loss = reduceSum(mul(y, weighting), axesOf(outputDims), false);
  const found = gradients(loss, inputs);
  for (const [index, gradient] of found.entries()) {
    assert.deepEqual(gradient.shape, inputs[index]!.shape, `shape of the gradient of operand ${index}`);
  }
  // Multiplied by their number: two equal gradients would be one output with two names.
  const named = found.map((gradient, index) => [`g${index}`, mul(gradient, scalar(index + 1))] as const);
  const graph = createGraph([...inputs, weighting, ...others.inputs], { y, ...Object.fromEntries(named) });
  const session = await ort.InferenceSession.create(encodeModel(graph), sessionOptions);
  try {
    const run = () =>
      runSession(session, {
        ...others.feeds,
        weights: floats(outputDims, weights),
        ...Object.fromEntries(operands.map(({ dims }, i) => [`x${i}`, floats(dims, values[i]!)])),
      });
    const lossAt = async (): Promise<number> => {
      const { data } = (await run()).y!;
      return data.reduce((sum, element, i) => sum + element * weights[i]!, 0);
    };
    const analytic = await run();
    assert.deepEqual(analytic.y!.dims, outputDims);
    for (const [operand, data] of values.entries()) {
      const { dims, data: gradient } = analytic[`g${operand}`]!;
      assert.deepEqual(dims, operands[operand]!.dims);
      for (let i = 0; i < data.length; i++) {
        const at = data[i]!;
        data[i] = at + STEP;
        const above = await lossAt();
        data[i] = at - STEP;
        const below = await lossAt();
        data[i] = at;
        // The step that float32 really took.
        const numeric = (above - below) / (Math.fround(at + STEP) - Math.fround(at - STEP));
        assert.ok(
          Math.abs(numeric - gradient[i]! / (operand + 1)) <= TOLERANCE * Math.max(1, Math.abs(numeric)),
          `operand ${operand} [${i}]: ${gradient[i]! / (operand + 1)} by the rule, ${numeric} by differences`,
        );
      }
    }
  } finally {
    await session.release();
  }
}

const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const axesOf = (dims: readonly number[]): number[] => dims.map((_, axis) => axis);

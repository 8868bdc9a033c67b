import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import ort from 'onnxruntime-node';
import { roundProducts } from '../../scripts/rounded-products.ts';
import type { LinearWeight } from '../../src/families/decoder.ts';
import { applyLinear } from '../../src/families/linear.ts';
import { createGraph, encodeModel, float32, type Graph, input } from '../../src/graph/index.ts';
import { floats, runSession, sessionOptions } from '../graph/run-graph.ts';
import { blockwise, halves, type QuantisedWeight, rowwiseInt8 } from './quantised.ts';
import { randomNumbers, WeightFile } from './weight-file.ts';

const IN = 64;
const OUT = 48;
const random = randomNumbers(7);
const dense = Float32Array.from({ length: OUT * IN }, random);
const bias = Float32Array.from({ length: OUT }, random);

/** Rows of very different size, the last one of zeros. */
const rows = [1, 1000, 1e-4, 0].map((size) => Float32Array.from({ length: IN }, () => size * random()));

/** Runs the layer over rows of x; gives one output a row. */
async function layer(
  t: TestContext,
  weight: LinearWeight,
  file: WeightFile,
  withBias = false,
  gain: Float32Array | null = null,
  change = (graph: Graph): Graph => graph,
) {
  const directory = mkdtempSync(join(tmpdir(), 'linear-'));
  const x = input('x', 'float32', ['rows', IN]);
  const linear = { name: 'proj', inSize: IN, outSize: OUT, weight, bias: withBias ? float32(bias) : null };
  writeFileSync(
    join(directory, 'model.onnx'),
    encodeModel(change(createGraph([x], { y: applyLinear(x, linear, gain && float32(gain)) }))),
  );
  file.write(directory);
  const session = await ort.InferenceSession.create(join(directory, 'model.onnx'), sessionOptions);
  t.after(async () => {
    await session.release();
    rmSync(directory, { recursive: true });
  });
  return async (...inputs: readonly Float32Array[]): Promise<number[][]> => {
    const x = floats(
      [inputs.length, IN],
      inputs.flatMap((row) => [...row]),
    );
    const { y } = await runSession(session, { x });
    return inputs.map((_, row) => y!.data.slice(row * OUT, (row + 1) * OUT));
  };
}

/** Compares with x W^T in float64; `step` is how far an activation may have been rounded. */
function assertProduct(
  x: Float32Array,
  y: readonly number[],
  weight: Float32Array,
  step: (x: Float32Array, at: number) => number,
): void {
  for (let o = 0; o < OUT; o++) {
    let [expected, bound, magnitude] = [0, 0, 0];
    for (let i = 0; i < IN; i++) {
      const w = weight[o * IN + i]!;
      expected += x[i]! * w;
      magnitude += Math.abs(x[i]! * w);
      bound += (step(x, i) / 2) * Math.abs(w);
    }
    const error = Math.abs(y[o]! - expected);
    assert.ok(
      error <= bound * 1.001 + magnitude * 1e-5,
      `[${o}]: ${y[o]} instead of ${expected} +- ${bound}`,
    );
  }
}

const largest = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);

test('float32 multiplies by the transposed weight and adds the bias', async (t) => {
  const file = new WeightFile();
  const run = await layer(t, { format: 'float32', weight: file.add(dense, [OUT, IN]) }, file, true);
  const outputs = await run(...rows);
  for (const [row, y] of outputs.entries()) {
    const withoutBias = y.map((value, o) => value - bias[o]!);
    assertProduct(rows[row]!, withoutBias, dense, () => 2e-6);
  }
});

/** The largest step of float16 as a share of a number. */
const STEP = 2 ** -10;

for (const [where, change] of [
  ['as the processor computes it', undefined],
  ['rounded as a device rounds it', roundProducts],
] as const) {
  test(`float16, ${where}, rounds x by its row's largest number, and the product`, async (t) => {
    const file = new WeightFile();
    const { weight, dense: rounded } = halves(dense, OUT, IN, file);
    // Row by row far beyond what float16 holds, and far below.
    const wide = [...rows, ...[1e30, 1e-25].map((size) => rows[0]!.map((value) => size * value))];
    const outputs = await (await layer(t, weight, file, false, null, change))(...wide);
    for (const [row, y] of outputs.entries()) {
      const x = wide[row]!;
      // Of x and of the product; numbers far below the largest have float16's smallest step.
      assertProduct(x, y, rounded, (_, at) => 2 * STEP * Math.abs(x[at]!) + largest(x) * 2 ** -24);
    }
    assert.ok(outputs[3]!.every((value) => value === 0));
  });

  test(`float16, ${where}, takes x behind a norm as it is`, async (t) => {
    const file = new WeightFile();
    const { weight, dense: rounded } = halves(dense, OUT, IN, file);
    const gain = new Float32Array(IN).fill(1);
    const outputs = await (await layer(t, weight, file, true, gain, change))(rows[0]!, new Float32Array(IN));
    const withoutBias = outputs.map((y) => y.map((value, o) => value - bias[o]!));
    assertProduct(rows[0]!, withoutBias[0]!, rounded, (x, at) => 2 * STEP * Math.abs(x[at]!) + 1e-6);
    assert.ok(withoutBias[1]!.every((value) => Math.abs(value) < 1e-6));
  });
}

test('float16 sums the largest numbers of all signs alike without an overflow', async (t) => {
  const file = new WeightFile();
  const { weight } = halves(new Float32Array(OUT * IN).fill(1000), OUT, IN, file);
  const x = new Float32Array(IN).fill(3e20);
  const [y] = await (await layer(t, weight, file, false, null, roundProducts))(x);
  for (const value of y!) assert.ok(Math.abs(value / (IN * 1000 * 3e20) - 1) < 1e-3, `${value}`);
});

const rootMeanSquare = (x: Float32Array): number =>
  Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);

for (const hasResidual of [false, true]) {
  test(`rowwise-int8 ${hasResidual ? 'with' : 'without'} residual rounds activations to 16 bits`, async (t) => {
    const file = new WeightFile();
    const { weight, dense: rounded } = rowwiseInt8(dense, OUT, IN, file, hasResidual);
    const outputs = await (await layer(t, weight, file))(...rows);
    for (const [row, y] of outputs.entries()) {
      // The low byte does not meet the residual: that leaves a 256th of a residual's half step.
      const step = (Math.sqrt(IN) * rootMeanSquare(rows[row]!)) / (127 * 256);
      assertProduct(rows[row]!, y, rounded, () => step * (hasResidual ? 2 : 1.01));
    }
    assert.ok(outputs[3]!.every((value) => value === 0));
  });
}

test('rowwise-int8 with the gain of a norm has one step for all rows', async (t) => {
  const file = new WeightFile();
  const { weight, dense: rounded } = rowwiseInt8(dense, OUT, IN, file, true);
  const gain = Float32Array.from({ length: IN }, (_, i) => (i === 5 ? -2 : 0.5));
  // The widest row that an RMSNorm can make: all of it in the element with the largest gain.
  const widest = new Float32Array(IN);
  widest[5] = -2 * Math.sqrt(IN);
  const normed = [widest, Float32Array.from(gain), rows[0]!, new Float32Array(IN)];
  const outputs = await (await layer(t, weight, file, false, gain))(...normed);
  const step = (2 * Math.sqrt(IN)) / (127 * 256);
  for (const [row, y] of outputs.entries()) assertProduct(normed[row]!, y, rounded, () => 2 * step);
  assert.ok(outputs[3]!.every((value) => value === 0));
});

test('rowwise-int8 sums the largest integers without saturation', async (t) => {
  const file = new WeightFile();
  const { weight, dense: rounded } = rowwiseInt8(new Float32Array(OUT * IN).fill(1), OUT, IN, file);
  const x = new Float32Array(IN).fill(3);
  const [y] = await (await layer(t, weight, file, true))(x);
  const withoutBias = y!.map((value, o) => value - bias[o]!);
  assertProduct(x, withoutBias, rounded, () => (Math.sqrt(IN) * 3) / (127 * 256));
});

for (const options of [
  { bits: 4, blockSize: 32, offsets: false },
  { bits: 4, blockSize: 32, offsets: true },
  { bits: 8, blockSize: 32, offsets: false },
  { bits: 8, blockSize: 16, offsets: true },
] as const) {
  test(`blockwise ${JSON.stringify(options)} is off by at most half a step of each block`, async (t) => {
    const file = new WeightFile();
    const { weight, dense: decoded }: QuantisedWeight = blockwise(random, OUT, IN, options, file);
    const run = await layer(t, weight, file, true);
    const outputs = await run(...rows);
    for (const [row, y] of outputs.entries()) {
      const withoutBias = y.map((value, o) => value - bias[o]!);
      assertProduct(rows[row]!, withoutBias, decoded, (x, at) => {
        const start = at - (at % options.blockSize);
        // 2e-6 for adding and taking away the bias in float32.
        return largest(x.subarray(start, start + options.blockSize)) / 127 + 2e-6;
      });
    }
  });
}

for (const [format, made] of [
  ['rowwise-int8', (file: WeightFile) => rowwiseInt8(dense, OUT, IN, file, true)],
  ['float16', (file: WeightFile) => halves(dense, OUT, IN, file)],
] as const) {
  test(`${format}: a row gives the same numbers alone and beside rows of any size`, async (t) => {
    const file = new WeightFile();
    const run = await layer(t, made(file).weight, file, false, null, roundProducts);
    const together = await run(...rows);
    for (const [row, x] of rows.entries()) assert.deepEqual((await run(x))[0], together[row]);
  });
}

test('a weight of another shape or type is refused by name', () => {
  const x = input('x', 'float32', ['rows', IN]);
  const file = new WeightFile();
  const apply = (weight: LinearWeight) => () =>
    applyLinear(x, { name: 'proj', inSize: IN, outSize: OUT, weight, bias: null });
  const message = /proj\.weight: expected float32 \[48,64\], given float32 \[64,48\]/;
  assert.throws(apply({ format: 'float32', weight: file.add(dense, [IN, OUT]) }), {
    name: 'GraphError',
    message,
  });
  const scales = file.add(new Float32Array(OUT), [OUT]);
  assert.throws(
    apply({
      format: 'rowwise-int8',
      weight: file.add(new Uint8Array(IN * OUT), [IN, OUT]),
      scales,
      residual: null,
    }),
    /proj\.weight: expected int8 \[64,48\], given uint8 \[64,48\]/,
  );
  assert.throws(
    apply({ format: 'float16', weight: file.add(dense, [OUT, IN]) }),
    /proj\.weight: expected float16 \[48,64\], given float32 \[48,64\]/,
  );
});

import ort from 'onnxruntime-node';
import { byteProductEntries } from '../../src/engine/byte-products.ts';
import { createGraph, encodeModel, type Graph, type Input, type Result } from '../../src/graph/index.ts';

export interface Fed {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | Int8Array | Uint8Array;
}

export const floats = (dims: readonly number[], data: ArrayLike<number>): Fed => ({
  dims,
  data: Float32Array.from(data),
});
export const doubles = (dims: readonly number[], data: ArrayLike<number>): Fed => ({
  dims,
  data: Float64Array.from(data),
});
export const ints = (dims: readonly number[], data: readonly number[]): Fed => ({
  dims,
  data: BigInt64Array.from(data, BigInt),
});

export type Feeds = Readonly<Record<string, Fed>>;

export async function runSession(
  session: ort.InferenceSession,
  feeds: Feeds,
): Promise<Record<string, { dims: readonly number[]; data: number[] }>> {
  const tensors = Object.entries(feeds).map(([name, { dims, data }]) => [name, new ort.Tensor(data, dims)]);
  const results = await session.run(Object.fromEntries(tensors));
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [
      name,
      { dims: tensor.dims, data: Array.from(tensor.data as ArrayLike<number>, Number) },
    ]),
  );
}

export const sessionOptions: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
  extra: { session: { ...(await byteProductEntries()) } },
};

/** Runs a graph that keeps all of its tensors inside the model. */
export async function runGraph(graph: Graph, feeds: Feeds) {
  const session = await ort.InferenceSession.create(encodeModel(graph), sessionOptions);
  try {
    return await runSession(session, feeds);
  } finally {
    await session.release();
  }
}

/** Runs a graph of one output. */
export async function evaluate(inputs: readonly Input[], output: Result, feeds: Feeds) {
  return (await runGraph(createGraph(inputs, { output }), feeds)).output!;
}

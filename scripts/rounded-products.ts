import { createGraph, type Graph, gemm, type Result, reshape, type Value } from '../src/graph/index.ts';
import { apply } from '../src/graph/values.ts';

/**
 * A serving graph whose products of float16 round on the processor as they do on a device. There onnxruntime computes them
 * in float32, and takes out the casts to float16 and back beside its own; not those that something else stands behind.
 */
export function roundProducts({ inputs, nodes, outputs }: Graph): Graph {
  const made = new Map<Value, Result>();
  const replaced = (value: Value | null): Value | null => (value && made.get(value)) ?? value;
  for (const { op, domain, inputs: operands, attributes, outputs: results } of nodes) {
    const given = operands.map(replaced);
    const [half, weight] = given;
    const isProduct = op === 'Gemm' && half?.dtype === 'float16';
    const news = isProduct ? [apart(gemm(apart(half), weight!))] : apply(op, given, attributes, domain);
    for (const [index, result] of results.entries()) made.set(result, news[index]!);
  }
  return createGraph(inputs, Object.fromEntries(outputs.map(({ name, value }) => [name, made.get(value)!])));
}

/** The same matrix behind an operator that moves float16 as it is. */
const apart = (matrix: Value): Result => reshape(matrix, [0, matrix.shape[1] as number]);

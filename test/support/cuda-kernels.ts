import { readFile } from 'node:fs/promises';
import type { Graph, Node } from '../../src/graph/index.ts';

/** What the CUDA provider has for one op; see scripts/cuda-kernels.py. */
interface OpKernels {
  /** Type variables; the last one stands for all that follow. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of each kernel, the element types of each variable. */
  readonly kernels: readonly Readonly<Record<string, readonly string[]>>[];
}

export type CudaKernels = Readonly<Record<string, OpKernels>>;

/** Those of the version of onnxruntime that is used here. */
export async function readCudaKernels(): Promise<CudaKernels> {
  const file = new URL('../fixtures/cuda-kernels.json', import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as { ops: CudaKernels }).ops;
}

/** The applications of ops in a graph for which there is no kernel, `Op(input types)` each; bodies of loops included. */
export function withoutKernel(graph: Graph, kernels: CudaKernels): readonly string[] {
  return [...new Set(nodesOf(graph).flatMap((node) => (hasKernel(node, kernels) ? [] : [describe(node)])))];
}

const nodesOf = (graph: Graph): readonly Node[] =>
  graph.nodes.flatMap((node) => [
    node,
    ...Object.values(node.attributes).flatMap((attribute) =>
      attribute.type === 'graph' ? nodesOf(attribute.value) : [],
    ),
  ]);

const nameOf = ({ domain, op }: Node): string => (domain === '' ? op : `${domain}.${op}`);

const describe = (node: Node): string =>
  `${nameOf(node)}(${node.inputs.map((value) => value?.dtype ?? '').join(', ')})`;

function hasKernel(node: Node, kernels: CudaKernels): boolean {
  const known = kernels[nameOf(node)];
  if (known === undefined) return false;
  return known.kernels.some((kernel) => {
    const takes = (variables: readonly string[], values: Node['inputs']): boolean =>
      values.every(
        (value, at) => value === null || kernel[variables[at] ?? variables.at(-1)!]!.includes(value.dtype),
      );
    return takes(known.inputs, node.inputs) && takes(known.outputs, node.outputs);
  });
}

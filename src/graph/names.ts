import type { Graph } from './graph.ts';
import type { Node, Value } from './types.ts';

/** Names of a graph's nodes and values; unique, and the same for every graph that is built the same way. */
export interface Names {
  readonly node: (node: Node) => string;
  readonly value: (value: Value) => string;
}

/** @param prefix of a body: its names must differ from those around it */
export function nameGraph(graph: Graph, prefix = ''): Names {
  const values = new Map<Value, string>();
  const nodes = new Map<Node, string>();
  for (const value of [...graph.inputs, ...graph.captured, ...graph.externals]) values.set(value, value.name);
  for (const [index, value] of graph.constants.entries()) values.set(value, `${prefix}constant_${index}`);
  for (const [index, node] of graph.nodes.entries()) {
    nodes.set(node, `${prefix}${node.op}_${index}`);
    for (const output of node.outputs) {
      const name = `${prefix}t${index}`;
      values.set(output, node.outputs.length === 1 ? name : `${name}.${output.index}`);
    }
  }
  for (const { name, value } of graph.outputs) values.set(value, name);
  return { node: (node) => nodes.get(node)!, value: (value) => values.get(value)! };
}

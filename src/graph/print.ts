import { formatShape } from './dims.ts';
import type { Graph } from './graph.ts';
import { nameGraph } from './names.ts';
import type { Constant, Node, TensorType, Value } from './types.ts';

const formatType = ({ dtype, shape }: TensorType): string => `${dtype} ${formatShape(shape)}`;

/** Constants of up to this many elements are printed with their values. */
const PRINTED_ELEMENTS = 8;

function formatConstant(constant: Constant): string {
  const { data } = constant;
  return data.length <= PRINTED_ELEMENTS
    ? `${formatType(constant)} (${[...data].join(', ')})`
    : formatType(constant);
}

/**
 * The graph as text, one line for each input, stored tensor, node and output:
 * `t4 = MatMul(x, w) {axis=1} : float32 [batch, 8]`. The lines of a loop's body stand below it, indented. Equal graphs
 * print equal text.
 */
export function printGraph(graph: Graph): string {
  return [...linesOf(graph, ''), ''].join('\n');
}

/** @param prefix of the names in a body */
function linesOf(graph: Graph, prefix: string): string[] {
  const names = nameGraph(graph, prefix);
  const name = (value: Value | null): string => (value === null ? '_' : names.value(value));
  const printNode = (node: Node): string[] => {
    const attributes: string[] = [];
    const bodies: string[] = [];
    for (const [key, { type, value }] of Object.entries(node.attributes)) {
      if (type === 'graph') bodies.push(...linesOf(value, `${names.node(node)}.`).map((line) => `  ${line}`));
      else attributes.push(`${key}=${value}`);
    }
    const line = [
      `${node.outputs.map(name).join(', ')} = ${node.op}(${node.inputs.map(name).join(', ')})`,
      ...(attributes.length === 0 ? [] : [`{${attributes.join(' ')}}`]),
      `: ${node.outputs.map(formatType).join(', ')}`,
    ].join(' ');
    return [line, ...bodies];
  };
  return [
    ...graph.inputs.map((value) => `input ${value.name} : ${formatType(value)}`),
    ...graph.externals.map(
      (value) => `external ${value.name} : ${formatType(value)} @ ${value.file}+${value.offset}`,
    ),
    ...graph.constants.map((value) => `constant ${name(value)} : ${formatConstant(value)}`),
    ...graph.nodes.flatMap(printNode),
    ...graph.outputs.map(({ name: output, value }) => `output ${output} : ${formatType(value)}`),
  ];
}

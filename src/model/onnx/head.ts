import type { ForeignNode } from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import { describe, type OnnxGraph } from './graph.ts';

/** Products of hidden states with a weight. */
const PRODUCTS = ['MatMul', 'MatMulNBits', 'MatMulInteger', 'MatMulIntegerToFloat', 'DynamicQuantizeMatMul'];
/** What else stands between the last hidden states and the logits; nothing of it looks at other positions. */
const ELEMENTWISE = [
  'Add',
  'Cast',
  'DequantizeLinear',
  'Div',
  'DynamicQuantizeLinear',
  'Identity',
  'Mul',
  'QuantizeLinear',
  'Tanh',
];

/** The head of a model: the product of the last hidden states with the vocabulary's weight. */
export interface Head {
  /** float32 [batch, sequence, hidden]: what the head reads. */
  readonly hidden: string;
  /** The nodes from there to the logits. */
  readonly nodes: ReadonlySet<ForeignNode>;
}

/**
 * Finds the head, whose input a classifier reads, and which need not be computed for positions whose logits nobody
 * wants. Walks back from the logits, always through the last node, until all of them depend on one value in front of a
 * product. Throws `unprocessable` onnx_head where the end of the model looks like nothing that is known.
 */
export function findHead(graph: OnnxGraph, logits: string): Head {
  const open = new Set([logits]);
  const nodes = new Set<ForeignNode>();
  let hasProduct = false;
  while (!hasProduct || open.size !== 1) {
    const last = [...open].reduce((a, b) => (graph.order(a) > graph.order(b) ? a : b), '');
    const node = graph.producer(last);
    if (node === null || !(PRODUCTS.includes(node.op) || ELEMENTWISE.includes(node.op))) {
      throw unsupportedModel(
        'onnx_head',
        logits,
        'The logits are no product of hidden states with a weight.',
        {
          expected: `${PRODUCTS.join(', ')} in front of the logits, and elementwise operators behind it`,
          given: node === null ? last : describe(node),
        },
      );
    }
    nodes.add(node);
    hasProduct ||= PRODUCTS.includes(node.op);
    for (const output of node.outputs) open.delete(output);
    for (const input of node.inputs) if (input !== '' && !graph.isConstant(input)) open.add(input);
  }
  return { hidden: [...open][0]!, nodes };
}

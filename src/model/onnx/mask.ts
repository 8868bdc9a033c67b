import type { ForeignNode } from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import type { OnnxGraph } from './graph.ts';

/** A place at which a node reads a value. */
export interface Reading {
  readonly node: ForeignNode;
  /** Index among the node's inputs. */
  readonly input: number;
}

/**
 * Finds where each layer adds its mask to the scores: Softmax(Add(scores, mask)), the mask being the operand that
 * does not depend on any number that runs through the model. With the mask replaced there the export sees what the
 * engine's mask says, branches and windows included. A causal mask that stays in front of it does no harm: no
 * position sees a later one anyway.
 * Throws `unprocessable` onnx_attention unless there is one such place for each layer.
 * @param roots the values that depend on the sequence: embeddings, past keys and values
 */
export function findMasks(graph: OnnxGraph, roots: readonly string[], numLayers: number): readonly Reading[] {
  const dependents = graph.dependents(roots);
  const masks: Reading[] = [];
  for (const softmax of graph.nodes) {
    const scores = softmax.inputs[0] ?? '';
    if (softmax.op !== 'Softmax' || !dependents.has(scores)) continue;
    const node = graph.producer(scores);
    const input = node?.op === 'Add' ? node.inputs.findIndex((operand) => !dependents.has(operand)) : -1;
    if (node !== null && input >= 0) masks.push({ node, input });
  }
  if (masks.length === numLayers) return masks;
  throw unsupportedModel(
    'onnx_attention',
    'attention_mask',
    `The attention of ${numLayers} layers was looked for, and that of ${masks.length} was found.`,
    {
      expected:
        'scores, plus a mask, through a Softmax in every layer; fused attention operators are not read',
      given: fusedOperators(graph),
    },
  );
}

/** The attention operators that the graph has instead. */
function fusedOperators(graph: OnnxGraph): readonly string[] {
  return [...new Set(graph.nodes.map(({ op }) => op).filter((op) => op.endsWith('Attention')))];
}

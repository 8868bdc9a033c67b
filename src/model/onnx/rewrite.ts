import { type DecoderConfig, SERVING_IO } from '../../families/decoder.ts';
import type { ForeignNode, ForeignValue, WrittenTensor, WrittenValue } from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import type { Embedding } from './embedding.ts';
import { describe, type OnnxGraph } from './graph.ts';
import { addGroupedQuery, addGroupedSizes, findGroupedQueries } from './grouped-query.ts';
import { findHead, type Head } from './head.ts';
import { EXPORT_IO, servingNames } from './interface.ts';
import { findMasks, type Reading } from './mask.ts';
import { Patch } from './patch.ts';
import { reachableNodes } from './reachable.ts';
import type { OnnxTensor } from './read.ts';
import { addNewPositions, addServingEnd, addSizes, PATCH } from './serving-end.ts';
import { servingInputs, servingOutputs } from './serving-values.ts';

/** A model's graph with the inputs and outputs of a serving graph, {@link SERVING_IO}. */
export interface RewrittenGraph {
  readonly nodes: readonly ForeignNode[];
  /** Tensors of the model that are still read, under their new names. */
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  /** Small tensors that were added. */
  readonly constants: readonly WrittenTensor[];
  readonly inputs: readonly WrittenValue[];
  readonly outputs: readonly WrittenValue[];
}

const INT64 = 7;

/** In front of every name of the model, so that no name meets one of ours. */
const PREFIX = 'export/';

/**
 * Turns the graph of a stock export into a serving graph. Embeddings come in where the rows of the table were
 * gathered; each layer adds the engine's mask in place of its own; logits are computed where they are wanted, and
 * the best tokens, the scores and the new keys and values come out as of any serving graph.
 * Throws `unprocessable` onnx_attention, onnx_head, or onnx_inputs when something else reads token ids or the mask, or nothing reads
 * the positions.
 */
export function rewriteForServing(
  graph: OnnxGraph,
  embedding: Embedding,
  config: DecoderConfig,
): RewrittenGraph {
  const fixed = new Map([...servingNames(config), [embedding.output, SERVING_IO.inputsEmbeds] as const]);
  const rename = (value: string): string => (value === '' ? '' : (fixed.get(value) ?? PREFIX + value));
  const pasts = [...servingNames(config).keys()].filter((name) => name !== EXPORT_IO.positionIds);
  const fused = findGroupedQueries(graph, config);
  const masks = findMasks(graph, [embedding.output, ...pasts], config.numLayers - fused.length);
  const head = findHead(graph, EXPORT_IO.logits);
  const patch = new Patch();
  addSizes(patch);
  addGroupedSizes(patch, config);
  const newPlanes = pasts.map((_, plane) => {
    const part = plane % 2 === 0 ? 'key' : 'value';
    return rename(EXPORT_IO.present(plane >> 1, part));
  });
  for (const layer of fused) {
    const { keys, values } = addGroupedQuery(patch, graph, layer, config, rename);
    newPlanes.splice(2 * layer.layer, 2, keys, values);
  }
  const isFused = new Set(fused.map(({ layer }) => layer));
  addServingEnd(patch, config, {
    hidden: rename(head.hidden),
    logits: rename(EXPORT_IO.logits),
    newPlanes: newPlanes.map((name, plane) =>
      isFused.has(plane >> 1) ? name : addNewPositions(patch, name),
    ),
  });
  const replaced = new Set(fused.map(({ node }) => node));
  const nodes = graph.nodes
    .filter((node) => !replaced.has(node) && !node.outputs.includes(embedding.output))
    .map((node) => ({
      ...node,
      inputs: node.inputs.map((value, input) => redirected(node, input, masks, head) ?? rename(value)),
      outputs: node.outputs.map(rename),
    }));
  const outputs = servingOutputs(config);
  const kept = reachableNodes(
    [...nodes, ...patch.nodes],
    outputs.map(({ name }) => name),
  );
  refuseLeftInputs(kept, graph, rename);
  const read = new Set(kept.flatMap(({ inputs }) => inputs));
  const logitsToKeep = graph.model.inputs.get(EXPORT_IO.logitsToKeep);
  const constants = [
    ...patch.constants,
    ...(logitsToKeep ? [keepAll(rename(logitsToKeep.name), logitsToKeep)] : []),
  ];
  const tensors = [...graph.model.tensors.values()].map((tensor) => [rename(tensor.name), tensor] as const);
  return {
    nodes: kept,
    tensors: new Map(tensors.filter(([name]) => read.has(name))),
    constants: constants.filter(({ name }) => read.has(name)),
    inputs: servingInputs(config),
    outputs,
  };
}

/** What an input of a node becomes where it is not only renamed. */
function redirected(node: ForeignNode, input: number, masks: readonly Reading[], head: Head): string | null {
  const value = node.inputs[input]!;
  if (masks.some((mask) => mask.node === node && mask.input === input)) return SERVING_IO.attentionBias;
  if (head.nodes.has(node) && value === head.hidden) return PATCH.wantedHidden;
  // Of the token ids only the shape is left, and positions have the same.
  if (node.op === 'Shape' && value === EXPORT_IO.inputIds) return SERVING_IO.positionIds;
  if (node.op === 'Shape' && value === EXPORT_IO.attentionMask) return PATCH.maskOfOne;
  return null;
}

/** num_logits_to_keep = 0 keeps the logits of all positions. */
function keepAll(name: string, { dims }: ForeignValue): WrittenTensor {
  const zero = { raw: new Uint8Array(BigInt64Array.BYTES_PER_ELEMENT) };
  return { name, dims: (dims ?? []).map(() => 1), dataType: INT64, content: zero };
}

/** The serving graph must not need what the engine does not say, nor take positions from the length of a padded past. */
function refuseLeftInputs(
  nodes: readonly ForeignNode[],
  graph: OnnxGraph,
  rename: (value: string) => string,
): void {
  const refuse = (input: string, message: string, expected: string): never => {
    const given = graph.readers(input).map(describe).slice(0, 8);
    throw unsupportedModel('onnx_inputs', input, message, { expected, given });
  };
  for (const [input, expected] of [
    [EXPORT_IO.inputIds, 'token ids that are only embedded'],
    [EXPORT_IO.attentionMask, 'a mask that is only added to scores'],
  ] as const) {
    const reader = nodes.find(({ inputs }) => inputs.includes(rename(input)));
    if (reader !== undefined)
      refuse(input, `${describe(reader)} reads ${input} for something else.`, expected);
  }
  const takesPositions = nodes.some(
    ({ op, inputs }) => op !== 'Shape' && inputs.includes(SERVING_IO.positionIds),
  );
  if (takesPositions) return;
  refuse(
    EXPORT_IO.positionIds,
    'The model does not take its positions from position_ids.',
    'an input position_ids',
  );
}

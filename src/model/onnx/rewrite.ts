import { bestCount, type DecoderConfig, SERVING_IO } from '../../families/decoder.ts';
import type { ForeignNode, WrittenTensor, WrittenValue } from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import type { Embedding } from './embedding.ts';
import { describe, type OnnxGraph } from './graph.ts';
import { findHead, type Head } from './head.ts';
import { EXPORT_IO, servingNames } from './interface.ts';
import { findMasks, type Reading } from './mask.ts';
import { reachableNodes } from './reachable.ts';
import type { OnnxTensor } from './read.ts';
import { ServingEnd } from './serving-end.ts';

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

/** In front of every name of the model, so that no name meets one of ours. */
const PREFIX = 'export/';

/**
 * Turns the graph of a stock export into a serving graph. Embeddings come in where the rows of the table were
 * gathered; each layer adds the engine's mask in place of its own; logits are computed where they are wanted, and
 * the best tokens, the scores and the new keys and values come out as of any serving graph.
 * Throws `unprocessable` onnx_attention, or onnx_inputs when something else reads token ids or the mask.
 */
export function rewriteForServing(
  graph: OnnxGraph,
  embedding: Embedding,
  config: DecoderConfig,
): RewrittenGraph {
  const fixed = new Map([...servingNames(config), [embedding.output, SERVING_IO.inputsEmbeds] as const]);
  const rename = (value: string): string => (value === '' ? '' : (fixed.get(value) ?? PREFIX + value));
  const pasts = [...servingNames(config).keys()].filter((name) => name !== EXPORT_IO.positionIds);
  const masks = findMasks(graph, [embedding.output, ...pasts], config.numLayers);
  const head = findHead(graph, EXPORT_IO.logits);
  const end = new ServingEnd(config, {
    hidden: head && rename(head.hidden),
    logits: rename(EXPORT_IO.logits),
    present: (layer, part) => rename(EXPORT_IO.present(layer, part)),
  });
  const nodes = graph.nodes
    .filter(({ outputs }) => !outputs.includes(embedding.output))
    .map((node) => ({
      ...node,
      inputs: node.inputs.map((value, input) => redirected(node, input, masks, head) ?? rename(value)),
      outputs: node.outputs.map(rename),
    }));
  const outputs = servingOutputs(config);
  const kept = reachableNodes(
    [...nodes, ...end.nodes],
    outputs.map(({ name }) => name),
  );
  const read = new Set(kept.flatMap(({ inputs }) => inputs));
  const logitsToKeep = graph.model.inputs.get(EXPORT_IO.logitsToKeep);
  const constants = [...end.constants, ...(logitsToKeep ? [keepAll(rename(logitsToKeep.name))] : [])];
  refuseLeftInputs(kept, graph, rename, constants);
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
function redirected(
  node: ForeignNode,
  input: number,
  masks: readonly Reading[],
  head: Head | null,
): string | null {
  const value = node.inputs[input]!;
  if (masks.some((mask) => mask.node === node && mask.input === input)) return SERVING_IO.attentionBias;
  if (head?.nodes.has(node) && value === head.hidden) return ServingEnd.wantedHidden;
  // Of the token ids only the shape is left, and positions have the same.
  if (node.op === 'Shape' && value === EXPORT_IO.inputIds) return SERVING_IO.positionIds;
  if (node.op === 'Shape' && value === EXPORT_IO.attentionMask) return ServingEnd.maskOfOne;
  return null;
}

/** num_logits_to_keep = 0 keeps the logits of all positions. */
function keepAll(name: string): WrittenTensor {
  return { name, dims: [], dataType: 7, content: { raw: new Uint8Array(8) } };
}

function refuseLeftInputs(
  nodes: readonly ForeignNode[],
  graph: OnnxGraph,
  rename: (value: string) => string,
  constants: readonly WrittenTensor[],
): void {
  const given = new Set(constants.map(({ name }) => name));
  for (const input of [EXPORT_IO.inputIds, EXPORT_IO.attentionMask]) {
    const reader = nodes.find(({ inputs }) => inputs.includes(rename(input)) && !given.has(rename(input)));
    if (reader === undefined) continue;
    throw unsupportedModel('onnx_inputs', input, `${describe(reader)} reads ${input} for something else.`, {
      expected:
        input === EXPORT_IO.inputIds
          ? 'token ids that are only embedded'
          : 'a mask that is only added to scores',
      given: graph.readers(input).map(describe).slice(0, 8),
    });
  }
}

const FLOAT32 = 1;
const INT64 = 7;

/** Names of sizes that vary, as in the docstring of {@link SERVING_IO}. */
function servingInputs(config: DecoderConfig): readonly WrittenValue[] {
  const { hiddenSize, numLayers, numKeyValueHeads, headDim } = config;
  const floats = (name: string, dims: WrittenValue['dims']): WrittenValue => ({
    name,
    dataType: FLOAT32,
    dims,
  });
  const integers = (name: string, dims: WrittenValue['dims']): WrittenValue => ({
    name,
    dataType: INT64,
    dims,
  });
  const cache = ['batch', numKeyValueHeads, 'past', headDim];
  return [
    floats(SERVING_IO.inputsEmbeds, ['batch', 'sequence', hiddenSize]),
    integers(SERVING_IO.positionIds, ['batch', 'sequence']),
    floats(SERVING_IO.attentionBias, ['batch', 1, 'sequence', 'past + sequence']),
    integers(SERVING_IO.logitPositions, ['rows']),
    integers(SERVING_IO.bestRows, ['best']),
    integers(SERVING_IO.scoredRows, ['scored']),
    integers(SERVING_IO.scorePairs, ['pairs', 2]),
    ...Array.from({ length: numLayers }, (_, layer) => [
      floats(SERVING_IO.pastKeys(layer), cache),
      floats(SERVING_IO.pastValues(layer), cache),
    ]).flat(),
  ];
}

function servingOutputs({
  vocabSize,
  numLayers,
  numKeyValueHeads,
  headDim,
}: DecoderConfig): readonly WrittenValue[] {
  const best = ['best', bestCount(vocabSize)];
  return [
    { name: SERVING_IO.logits, dataType: FLOAT32, dims: ['rows', vocabSize] },
    { name: SERVING_IO.bestLogits, dataType: FLOAT32, dims: best },
    { name: SERVING_IO.bestTokens, dataType: INT64, dims: best },
    { name: SERVING_IO.scores, dataType: FLOAT32, dims: ['pairs'] },
    {
      name: SERVING_IO.newKeysValues,
      dataType: FLOAT32,
      dims: [2 * numLayers, 'batch', numKeyValueHeads, 'sequence', headDim],
    },
  ];
}

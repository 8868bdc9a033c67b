import { type DecoderConfig, SERVING_IO } from '../../families/decoder.ts';
import type { ForeignNode } from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import { describe, type OnnxGraph } from './graph.ts';
import { EXPORT_IO } from './interface.ts';
import type { Patch } from './patch.ts';
import { PATCH } from './serving-end.ts';

/** A com.microsoft GroupQueryAttention of one layer. */
export interface GroupedQueryLayer {
  readonly node: ForeignNode;
  readonly layer: number;
}

/** Attributes that are read, and those that change nothing when they are 0. */
const READ = ['num_heads', 'kv_num_heads', 'scale', 'do_rotary', 'rotary_interleaved', 'local_window_size'];
const UNUSED = [
  'softcap',
  'smooth_softmax',
  'kv_cache_bit_width',
  'qk_output',
  'k_quant_type',
  'v_quant_type',
];
const INPUT = { query: 0, key: 1, value: 2, pastKey: 3, pastValue: 4, cos: 7, sin: 8 } as const;
/** Attention bias, sinks and scales of a quantised cache follow; position ids before them are ours. */
const FIRST_UNKNOWN_INPUT = 10;

/**
 * The operators GroupQueryAttention of an export, checked.
 * Throws `unprocessable` onnx_attention for one with options that are not read; `param` is the node.
 */
export function findGroupedQueries(graph: OnnxGraph, config: DecoderConfig): readonly GroupedQueryLayer[] {
  return graph.nodes
    .filter(({ op }) => op === 'GroupQueryAttention')
    .map((node) => {
      const fault = faultOf(graph, node, config);
      const layer = Array.from({ length: config.numLayers }, (_, i) => i).find(
        (i) =>
          node.inputs[INPUT.pastKey] === EXPORT_IO.past(i, 'key') &&
          node.inputs[INPUT.pastValue] === EXPORT_IO.past(i, 'value') &&
          node.outputs[1] === EXPORT_IO.present(i, 'key') &&
          node.outputs[2] === EXPORT_IO.present(i, 'value'),
      );
      if (fault === null && layer !== undefined) return { node, layer };
      throw unsupportedModel('onnx_attention', node.name, `${describe(node)} is not read.`, {
        expected:
          'GroupQueryAttention between past and present of a layer, of the sizes of the configuration',
        given: fault ?? [...node.inputs.slice(3, 5), ...node.outputs],
      });
    });
}

/** What of a node is not as it is read; null: nothing. */
function faultOf(graph: OnnxGraph, node: ForeignNode, config: DecoderConfig): string | null {
  const { numAttentionHeads, numKeyValueHeads, headDim, slidingWindow } = config;
  if (graph.int(node, 'num_heads', 0) !== numAttentionHeads) return 'num_heads';
  if (graph.int(node, 'kv_num_heads', 0) !== numKeyValueHeads) return 'kv_num_heads';
  for (const { name, int, float } of graph.attributes(node).values()) {
    if (!READ.includes(name) && !(UNUSED.includes(name) && int === 0 && float === 0)) return name;
  }
  const window = graph.int(node, 'local_window_size', -1);
  if (window !== -1 && window !== slidingWindow) return 'local_window_size';
  const unknown = node.inputs.findIndex((input, index) => index >= FIRST_UNKNOWN_INPUT && input !== '');
  if (unknown >= 0) return `input ${unknown}`;
  if (graph.int(node, 'do_rotary', 0) === 0) return null;
  const tables = [graph.tensor(node.inputs[INPUT.cos]), graph.tensor(node.inputs[INPUT.sin])];
  // A table of fewer columns rotates a part of every head.
  return tables.every((table) => table?.dims.length === 2 && table.dims[1] === headDim / 2)
    ? null
    : 'the rotary tables';
}

/**
 * Adds the attention of a layer as plain operators, as the project's own graphs have it (families/attention.ts): the
 * fused one refuses several rows with several new tokens, knows no mask but the causal one, and returns the whole
 * cache. Past and new positions are never joined.
 * @param rename from names of the export to those of the serving graph
 * @returns names of the new keys and values, float32 [batch, kv_heads, sequence, head_dim]
 */
export function addGroupedQuery(
  patch: Patch,
  graph: OnnxGraph,
  { node, layer }: GroupedQueryLayer,
  config: DecoderConfig,
  rename: (value: string) => string,
): { readonly keys: string; readonly values: string } {
  const { numAttentionHeads, numKeyValueHeads, headDim } = config;
  const name = (part: string): string => `attention.${layer}.${part}`;
  const input = (index: number): string => rename(node.inputs[index] ?? '');
  const projected = [input(INPUT.query), input(INPUT.key), input(INPUT.value)];
  if (projected[1] === '') {
    const widths = [numAttentionHeads, numKeyValueHeads, numKeyValueHeads].map((heads) => heads * headDim);
    projected.splice(0, 3, name('q'), name('k'), name('v'));
    patch.add('Split', [input(INPUT.query), patch.integers(widths)], projected, { axis: -1 });
  }
  const headsOf = (index: number, heads: number, part: string): string => {
    const shaped = patch.add(
      'Reshape',
      [projected[index]!, patch.integers([0, 0, heads, headDim])],
      name(`${part}.split`),
    );
    return patch.add('Transpose', [shaped], name(`${part}.heads`), { perm: [0, 2, 1, 3] });
  };
  const rotate = (x: string, part: string): string => {
    if (graph.int(node, 'do_rotary', 0) === 0) return x;
    const inputs = [x, SERVING_IO.positionIds, input(INPUT.cos), input(INPUT.sin)];
    const attributes = { interleaved: graph.int(node, 'rotary_interleaved', 0) };
    return patch.add('RotaryEmbedding', inputs, name(`${part}.rotated`), attributes, 'com.microsoft');
  };
  const queries = rotate(headsOf(0, numAttentionHeads, 'queries'), 'queries');
  const keys = rotate(headsOf(1, numKeyValueHeads, 'keys'), 'keys');
  const values = headsOf(2, numKeyValueHeads, 'values');

  // The query heads of a group are folded into the rows, so keys and values are never repeated.
  const folded = patch.add(
    'Reshape',
    [queries, patch.integers([0, numKeyValueHeads, -1, headDim])],
    name('folded'),
  );
  const scale = graph.attributes(node).get('scale')?.float || 1 / Math.sqrt(headDim);
  const rows = patch.add('Mul', [folded, patch.float(scale)], name('rows'));
  const scoresOf = (of: string, part: string): string => {
    const turned = patch.add('Transpose', [of], name(`${part}.turned`), { perm: [0, 1, 3, 2] });
    return patch.add('MatMul', [rows, turned], name(`${part}.scores`));
  };
  const [past, current] = [scoresOf(input(INPUT.pastKey), 'past'), scoresOf(keys, 'new')];
  const scores = patch.add('Concat', [past, current], name('scores'), { axis: -1 });
  const masked = patch.add('Add', [scores, groupedBias], name('masked'));
  const weights = patch.add('Softmax', [masked], name('weights'), { axis: -1 });
  const parts = [name('past.weights'), name('new.weights')];
  patch.add('Split', [weights, lengths], parts, { axis: -1 });
  const mixedPast = patch.add('MatMul', [parts[0]!, input(INPUT.pastValue)], name('past.mixed'));
  const mixedNew = patch.add('MatMul', [parts[1]!, values], name('new.mixed'));
  const mixed = patch.add('Add', [mixedPast, mixedNew], name('mixed'));
  const heads = patch.add(
    'Reshape',
    [mixed, patch.integers([0, numAttentionHeads, -1, headDim])],
    name('unfolded'),
  );
  const turned = patch.add('Transpose', [heads], name('joined'), { perm: [0, 2, 1, 3] });
  patch.add(
    'Reshape',
    [turned, patch.integers([0, 0, numAttentionHeads * headDim])],
    rename(node.outputs[0]!),
  );
  return { keys, values };
}

const groupedBias = 'grouped_attention_bias';
const lengths = 'past_and_new_length';

/** Adds what all layers of {@link addGroupedQuery} share: the bias of folded rows and the lengths of the axes. */
export function addGroupedSizes(patch: Patch, { numAttentionHeads, numKeyValueHeads }: DecoderConfig): void {
  const copies = Array<string>(numAttentionHeads / numKeyValueHeads).fill(SERVING_IO.attentionBias);
  patch.add('Concat', copies, groupedBias, { axis: 2 });
  patch.add('Concat', [PATCH.pastLength, PATCH.sequence], lengths, { axis: 0 });
}

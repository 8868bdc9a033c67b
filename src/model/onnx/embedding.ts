import type { ForeignNode } from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import { describe, type OnnxGraph } from './graph.ts';
import type { OnnxTensor } from './read.ts';

/** The token-embedding table [vocab, hidden] as the model holds it. */
export type EmbeddingTensors =
  | {
      readonly form: 'float32';
      readonly table: OnnxTensor;
      /** It lies as [hidden, vocab]: it is the weight of the head, turned before the Gather. */
      readonly transposed: boolean;
    }
  /** DequantizeLinear: scale * (code - zero point), with one scale for all or one for each row. */
  | {
      readonly form: 'linear';
      readonly table: OnnxTensor /* int8 or uint8 [vocab, hidden] */;
      readonly scale: OnnxTensor;
      readonly zeroPoint: OnnxTensor | null;
    }
  /** GatherBlockQuantized: the same for every block of `blockSize` columns; two codes of 4 bits share a byte. */
  | {
      readonly form: 'blocks';
      readonly table: OnnxTensor /* [vocab, hidden], or uint8 [vocab, hidden * bits / 8] */;
      readonly scale: OnnxTensor /* float32 [vocab, hidden / blockSize] */;
      readonly zeroPoint: OnnxTensor | null;
      readonly bits: 4 | 8;
      readonly blockSize: number;
    };

export interface Embedding {
  readonly tensors: EmbeddingTensors;
  /** The value float32 [batch, sequence, hidden] that the rest of the model starts from. */
  readonly output: string;
}

/** Operators that hand token ids on as they are, or in another shape or integer type. */
const PASSING = ['Cast', 'Reshape', 'Identity', 'Flatten', 'Unsqueeze', 'Squeeze'];

/** TensorProto.DataType. */
const TYPE = { float32: 1, uint8: 2, int8: 3, uint4: 21, int4: 22 } as const;

/**
 * Finds where token ids become embeddings: the only Gather whose indices are `input_ids`.
 * Throws `unprocessable` onnx_embedding when there is none, several, or one of a form that is not read.
 */
export function findEmbedding(graph: OnnxGraph): Embedding {
  const ids = new Set(['input_ids']);
  const found: ForeignNode[] = [];
  for (const node of graph.nodes) {
    const [first = '', second = ''] = node.inputs;
    if (PASSING.includes(node.op) && ids.has(first)) for (const output of node.outputs) ids.add(output);
    const gathers = node.op === 'Gather' || node.op === 'GatherBlockQuantized';
    if (gathers && ids.has(second) && graph.isConstant(first)) found.push(node);
  }
  const [node, other] = found;
  if (node === undefined) throw refusal('input_ids', 'No Gather reads the rows of a table by input_ids.', []);
  if (other !== undefined) {
    throw refusal('input_ids', 'Several tables are read by input_ids.', found.map(describe));
  }
  const quantized = node.op === 'GatherBlockQuantized' ? fromBlocks(graph, node) : fromGather(graph, node);
  return quantized ?? failForm(node);
}

function fromGather(graph: OnnxGraph, node: ForeignNode): Embedding | null {
  const [table = '', output = ''] = [node.inputs[0], node.outputs[0]];
  if (graph.int(node, 'axis', 0) !== 0) return null;
  const stored = graph.tensor(table);
  if (stored?.dataType === TYPE.float32) {
    return { tensors: { form: 'float32', table: stored, transposed: false }, output };
  }
  if (stored === null) {
    const before = graph.producer(table);
    const tensors = before && (turnedTable(graph, before) ?? linearTensors(graph, before, before.inputs[0]));
    return tensors && { tensors, output };
  }
  const [behind, second] = graph.readers(output);
  const isOnlyReader = behind !== undefined && second === undefined && behind.inputs[0] === output;
  const tensors = isOnlyReader ? linearTensors(graph, behind, table) : null;
  // Which row a scale would belong to is not known any more.
  return tensors?.scale.dims.every((dim) => dim === 1) ? { tensors, output: behind!.outputs[0]! } : null;
}

/** Transpose of a float32 matrix. */
function turnedTable(graph: OnnxGraph, node: ForeignNode): EmbeddingTensors | null {
  const table = graph.tensor(node.inputs[0]);
  const perm = graph.attributes(node).get('perm')?.ints.join() ?? '1,0';
  const isTurned = node.op === 'Transpose' && perm === '1,0' && table?.dims.length === 2;
  return isTurned && table.dataType === TYPE.float32 ? { form: 'float32', table, transposed: true } : null;
}

/** A tensor, or one that was only given another number of columns. */
function reshapedTensor(graph: OnnxGraph, value: string | undefined): OnnxTensor | null {
  const node = graph.producer(value ?? '');
  if (node === null) return graph.tensor(value);
  const tensor = node.op === 'Reshape' ? graph.tensor(node.inputs[0]) : null;
  if (tensor === null) return null;
  const [rows = 1, ...others] = tensor.dims;
  return { ...tensor, dims: [rows, others.reduce((product, dim) => product * dim, 1)] };
}

function linearTensors(graph: OnnxGraph, node: ForeignNode, codes: string | undefined) {
  const [table, scale] = [graph.tensor(codes), graph.tensor(node.inputs[1])];
  const zeroPoint = graph.tensor(node.inputs[2]);
  if (node.op !== 'DequantizeLinear' || table === null || scale === null) return null;
  const isByte = table.dataType === TYPE.int8 || table.dataType === TYPE.uint8;
  const isOne = scale.dims.every((dim) => dim === 1);
  const isEachRow = scale.dims.length === 1 && scale.dims[0] === table.dims[0];
  const isRead =
    isByte &&
    scale.dataType === TYPE.float32 &&
    (isOne || (isEachRow && graph.int(node, 'axis', 1) === 0)) &&
    graph.int(node, 'block_size', 0) === 0 &&
    hasZeroPoint(node, zeroPoint, table.dataType, scale.dims);
  return isRead ? ({ form: 'linear', table, scale, zeroPoint } as const) : null;
}

function fromBlocks(graph: OnnxGraph, node: ForeignNode): Embedding | null {
  const [table, scale] = [reshapedTensor(graph, node.inputs[0]), graph.tensor(node.inputs[2])];
  const zeroPoint = graph.tensor(node.inputs[3]);
  if (table === null || scale === null || scale.dataType !== TYPE.float32) return null;
  const isNibble = table.dataType === TYPE.uint4 || table.dataType === TYPE.int4;
  const bits = isNibble ? 4 : graph.int(node, 'bits', 4);
  const blockSize = graph.int(node, 'block_size', 128);
  const lastAxis = graph.int(node, 'quantize_axis', 1);
  if (!isNibble && table.dataType !== TYPE.uint8) return null;
  if (bits !== 4 && bits !== 8) return null;
  if (graph.int(node, 'gather_axis', 0) !== 0 || (lastAxis !== 1 && lastAxis !== -1)) return null;
  const packing = isNibble ? 1 : 8 / bits;
  const [rows = 0, stored = 0] = table.dims;
  const columns = stored * packing;
  const blocks = scale.dims[1] ?? 0;
  const isWhole =
    table.dims.length === 2 &&
    scale.dims.length === 2 &&
    scale.dims[0] === rows &&
    blocks * blockSize === columns;
  const zeroPointDims = [rows, Math.ceil(blocks / packing)];
  if (!isWhole || !hasZeroPoint(node, zeroPoint, table.dataType, zeroPointDims)) return null;
  return {
    tensors: { form: 'blocks', table, scale, zeroPoint, bits, blockSize },
    output: node.outputs[0]!,
  };
}

/** There is no zero point, or one that is a tensor of this type and shape. */
function hasZeroPoint(
  node: ForeignNode,
  zeroPoint: OnnxTensor | null,
  dataType: number,
  dims: readonly number[],
): boolean {
  const isGiven = (node.inputs[node.op === 'DequantizeLinear' ? 2 : 3] ?? '') !== '';
  if (!isGiven || zeroPoint === null) return !isGiven;
  return zeroPoint.dataType === dataType && zeroPoint.dims.join() === dims.join();
}

function failForm(node: ForeignNode): never {
  throw refusal(node.inputs[0] ?? '', `The table of ${describe(node)} is of a form that is not read.`, [
    describe(node),
  ]);
}

function refusal(param: string, message: string, given: readonly string[]): Error {
  return unsupportedModel('onnx_embedding', param, message, {
    expected:
      'one Gather of float32 rows, of bytes with a DequantizeLinear, or a GatherBlockQuantized of 4 or 8 bits',
    given,
  });
}

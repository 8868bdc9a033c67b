import type { Graph } from './graph.ts';
import { type Names, nameGraph } from './names.ts';
import { ATTRIBUTE_TYPE, DATA_TYPE, EXTERNAL_DATA, ModelProto } from './onnx-schema.ts';
import type { Attribute, Constant, Dim, External, Node, TensorType } from './types.ts';

/** Versions that ONNX Runtime 1.30 reads: IR version 10, ONNX operator set 21, com.microsoft 1. */
const IR_VERSION = 10;
const OPSETS = [
  { domain: '', version: 21 },
  { domain: 'com.microsoft', version: 1 },
];

const encodeDim = (dim: Dim): object => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim });

const encodeValueInfo = (name: string, { dtype, shape }: TensorType): object => ({
  name,
  type: { tensorType: { elemType: DATA_TYPE[dtype], shape: { dim: shape.map(encodeDim) } } },
});

/** @param owner name of the node, which the names in a body begin with */
function encodeAttribute(name: string, { type, value }: Attribute, owner: string): object {
  const field = { float: 'f', int: 'i', ints: 'ints', string: 's', graph: 'g' }[type];
  return { name, type: ATTRIBUTE_TYPE[type], [field]: encodeValue() };

  function encodeValue(): unknown {
    if (type === 'string') return Buffer.from(value);
    return type === 'graph' ? encodeGraph(value, owner, nameGraph(value, `${owner}.`)) : value;
  }
}

function encodeNode(node: Node, names: Names): object {
  const name = names.node(node);
  return {
    name,
    opType: node.op,
    domain: node.domain,
    input: node.inputs.map((value) => (value === null ? '' : names.value(value))),
    output: node.outputs.map(names.value),
    attribute: Object.entries(node.attributes).map(([key, attribute]) =>
      encodeAttribute(key, attribute, name),
    ),
  };
}

const encodeConstant = ({ dtype, shape, data }: Constant, name: string): object => ({
  name,
  dataType: DATA_TYPE[dtype],
  dims: shape,
  // ONNX raw data is little-endian, as is every platform that Node runs on.
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});

const encodeExternal = ({ name, dtype, shape, file, offset, bytes }: External): object => ({
  name,
  dataType: DATA_TYPE[dtype],
  dims: shape,
  dataLocation: EXTERNAL_DATA,
  externalData: [
    { key: 'location', value: file },
    { key: 'offset', value: String(offset) },
    { key: 'length', value: String(bytes) },
  ],
});

const encodeGraph = (graph: Graph, name: string, names: Names): object => ({
  name,
  node: graph.nodes.map((node) => encodeNode(node, names)),
  initializer: [
    ...graph.externals.map(encodeExternal),
    ...graph.constants.map((constant) => encodeConstant(constant, names.value(constant))),
  ],
  input: graph.inputs.map((input) => encodeValueInfo(input.name, input)),
  output: graph.outputs.map((output) => encodeValueInfo(output.name, output.value)),
});

/** Serialises a graph as an ONNX ModelProto; external tensors keep only their place in their files. */
export function encodeModel(graph: Graph, name = 'graph'): Uint8Array {
  return ModelProto.encode(
    ModelProto.create({
      irVersion: IR_VERSION,
      producerName: 'softprompt',
      opsetImport: OPSETS,
      graph: encodeGraph(graph, name, nameGraph(graph)),
    }),
  ).finish();
}

import protobuf from 'protobufjs/light.js';

/** Messages of onnx.proto, with the field numbers of ONNX 1.16 (IR version 10), that are the same however a model is read. */
const COMMON = {
  ModelProto: {
    irVersion: { id: 1, type: 'int64' },
    producerName: { id: 2, type: 'string' },
    graph: { id: 7, type: 'GraphProto' },
    opsetImport: { id: 8, type: 'OperatorSetIdProto', rule: 'repeated' },
  },
  GraphProto: {
    node: { id: 1, type: 'NodeProto', rule: 'repeated' },
    name: { id: 2, type: 'string' },
    initializer: { id: 5, type: 'TensorProto', rule: 'repeated' },
    input: { id: 11, type: 'ValueInfoProto', rule: 'repeated' },
    output: { id: 12, type: 'ValueInfoProto', rule: 'repeated' },
  },
  OperatorSetIdProto: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } },
  StringStringEntryProto: { key: { id: 1, type: 'string' }, value: { id: 2, type: 'string' } },
  ValueInfoProto: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'TypeProto' } },
  TypeProto: { tensorType: { id: 1, type: 'TypeProtoTensor' } },
  TypeProtoTensor: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'TensorShapeProto' } },
  TensorShapeProto: { dim: { id: 1, type: 'TensorShapeDimension', rule: 'repeated' } },
  TensorShapeDimension: { dimValue: { id: 1, type: 'int64' }, dimParam: { id: 2, type: 'string' } },
};

type Messages = Readonly<Record<string, Readonly<Record<string, protobuf.IField>>>>;

/** These messages beside the common ones. ONNX is proto2: a field that is set to 0 or '' is written, not left out as in proto3. */
export function onnxMessages(messages: Messages): protobuf.Root {
  const all: Messages = { ...COMMON, ...messages };
  return protobuf.Root.fromJSON({
    nested: Object.fromEntries(
      Object.entries(all).map(([name, fields]) => [name, { edition: 'proto2', fields }]),
    ),
  });
}

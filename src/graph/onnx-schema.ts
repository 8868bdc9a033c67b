import protobuf from 'protobufjs/light.js';

/** The messages of onnx.proto that a model needs, with the field numbers of ONNX 1.16 (IR version 10). */
const fields = {
  ModelProto: {
    irVersion: { id: 1, type: 'int64' },
    producerName: { id: 2, type: 'string' },
    graph: { id: 7, type: 'GraphProto' },
    opsetImport: { id: 8, type: 'OperatorSetIdProto', rule: 'repeated' },
  },
  OperatorSetIdProto: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } },
  GraphProto: {
    node: { id: 1, type: 'NodeProto', rule: 'repeated' },
    name: { id: 2, type: 'string' },
    initializer: { id: 5, type: 'TensorProto', rule: 'repeated' },
    input: { id: 11, type: 'ValueInfoProto', rule: 'repeated' },
    output: { id: 12, type: 'ValueInfoProto', rule: 'repeated' },
  },
  NodeProto: {
    input: { id: 1, type: 'string', rule: 'repeated' },
    output: { id: 2, type: 'string', rule: 'repeated' },
    name: { id: 3, type: 'string' },
    opType: { id: 4, type: 'string' },
    attribute: { id: 5, type: 'AttributeProto', rule: 'repeated' },
    domain: { id: 7, type: 'string' },
  },
  AttributeProto: {
    name: { id: 1, type: 'string' },
    f: { id: 2, type: 'float' },
    i: { id: 3, type: 'int64' },
    s: { id: 4, type: 'bytes' },
    ints: { id: 8, type: 'int64', rule: 'repeated' },
    type: { id: 20, type: 'int32' },
  },
  TensorProto: {
    dims: { id: 1, type: 'int64', rule: 'repeated' },
    dataType: { id: 2, type: 'int32' },
    name: { id: 8, type: 'string' },
    rawData: { id: 9, type: 'bytes' },
    externalData: { id: 13, type: 'StringStringEntryProto', rule: 'repeated' },
    dataLocation: { id: 14, type: 'int32' },
  },
  StringStringEntryProto: { key: { id: 1, type: 'string' }, value: { id: 2, type: 'string' } },
  ValueInfoProto: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'TypeProto' } },
  TypeProto: { tensorType: { id: 1, type: 'TypeProtoTensor' } },
  TypeProtoTensor: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'TensorShapeProto' } },
  TensorShapeProto: { dim: { id: 1, type: 'TensorShapeDimension', rule: 'repeated' } },
  TensorShapeDimension: { dimValue: { id: 1, type: 'int64' }, dimParam: { id: 2, type: 'string' } },
};

// ONNX is proto2: a field that is set to 0 or '' is written, not left out as in proto3.
const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(fields).map(([name, message]) => [name, { edition: 'proto2', fields: message }]),
  ),
});

/** The protobuf type of a whole ONNX model. */
export const ModelProto = root.lookupType('ModelProto');

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** TensorProto.DataType. */
export const DATA_TYPE = { float32: 1, uint8: 2, int8: 3, int64: 7 } as const;

/** TensorProto.DataLocation. */
export const EXTERNAL_DATA = 1;

import { onnxMessages } from './onnx-messages.ts';

/**
 * Messages of onnx.proto for models that other programs wrote. Attributes stay encoded (`bytes` and an embedded
 * message look alike on the wire), so a node that is only renamed loses nothing.
 */
const fields = {
  NodeProto: {
    input: { id: 1, type: 'string', rule: 'repeated' },
    output: { id: 2, type: 'string', rule: 'repeated' },
    name: { id: 3, type: 'string' },
    opType: { id: 4, type: 'string' },
    attribute: { id: 5, type: 'bytes', rule: 'repeated' },
    domain: { id: 7, type: 'string' },
  },
  AttributeProto: {
    name: { id: 1, type: 'string' },
    f: { id: 2, type: 'float' },
    i: { id: 3, type: 'int64' },
    t: { id: 5, type: 'TensorProto' },
    g: { id: 6, type: 'bytes' },
    ints: { id: 8, type: 'int64', rule: 'repeated' },
    tensors: { id: 10, type: 'bytes', rule: 'repeated' },
    graphs: { id: 11, type: 'bytes', rule: 'repeated' },
    type: { id: 20, type: 'int32' },
    sparseTensor: { id: 22, type: 'bytes' },
    sparseTensors: { id: 23, type: 'bytes', rule: 'repeated' },
  },
  TensorProto: {
    dims: { id: 1, type: 'int64', rule: 'repeated' },
    dataType: { id: 2, type: 'int32' },
    segment: { id: 3, type: 'bytes' },
    floatData: { id: 4, type: 'float', rule: 'repeated' },
    int32Data: { id: 5, type: 'int32', rule: 'repeated' },
    stringData: { id: 6, type: 'bytes', rule: 'repeated' },
    int64Data: { id: 7, type: 'int64', rule: 'repeated' },
    name: { id: 8, type: 'string' },
    rawData: { id: 9, type: 'bytes' },
    doubleData: { id: 10, type: 'double', rule: 'repeated' },
    uint64Data: { id: 11, type: 'uint64', rule: 'repeated' },
    externalData: { id: 13, type: 'StringStringEntryProto', rule: 'repeated' },
    dataLocation: { id: 14, type: 'int32' },
  },
};

const root = onnxMessages(fields);

export const ForeignModelProto = root.lookupType('ModelProto');
export const ForeignNodeProto = root.lookupType('NodeProto');
export const ForeignAttributeProto = root.lookupType('AttributeProto');
export const ForeignTensorProto = root.lookupType('TensorProto');
export const ForeignValueProto = root.lookupType('ValueInfoProto');
export const ForeignOpsetProto = root.lookupType('OperatorSetIdProto');

/** Field numbers of the messages whose parts are read one by one. */
export const MODEL_FIELD = { irVersion: 1, graph: 7, opset: 8, functions: 25 } as const;
export const GRAPH_FIELD = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
export const RAW_DATA_FIELD = 9;

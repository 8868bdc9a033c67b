import type { ForeignNode } from './foreign-decode.ts';
import { ForeignAttributeProto, ForeignModelProto, ForeignTensorProto } from './foreign-schema.ts';
import { ATTRIBUTE_TYPE, EXTERNAL_DATA } from './onnx-schema.ts';

/** Where the numbers of a tensor are in the model that is written. */
export type TensorContent =
  /** As it came. */
  | { readonly encoded: Uint8Array }
  | { readonly raw: Uint8Array }
  | { readonly file: string; readonly offset: number; readonly bytes: number };

export interface WrittenTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly content: TensorContent;
}

/** A value's name, TensorProto.DataType and sizes or names of sizes. */
export interface WrittenValue {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly (number | string)[];
}

export interface WrittenModel {
  readonly irVersion: number;
  readonly opsets: ReadonlyMap<string, number>;
  readonly name: string;
  readonly nodes: readonly ForeignNode[];
  readonly tensors: readonly WrittenTensor[];
  readonly inputs: readonly WrittenValue[];
  readonly outputs: readonly WrittenValue[];
}

/** An attribute for {@link ForeignNode.attributes}. */
export function encodeIntAttribute(name: string, value: number): Uint8Array {
  return ForeignAttributeProto.encode({ name, i: value, type: ATTRIBUTE_TYPE.int }).finish();
}

/** A list of integers for {@link ForeignNode.attributes}. */
export function encodeIntsAttribute(name: string, values: readonly number[]): Uint8Array {
  return ForeignAttributeProto.encode({ name, ints: values, type: ATTRIBUTE_TYPE.ints }).finish();
}

/** Serialises a rewritten model. */
export function encodeForeignModel(model: WrittenModel): Uint8Array {
  const { irVersion, opsets, name, nodes, tensors, inputs, outputs } = model;
  return ForeignModelProto.encode(
    ForeignModelProto.create({
      irVersion,
      producerName: 'softprompt',
      opsetImport: Array.from(opsets, ([domain, version]) => ({ domain, version })),
      graph: {
        name,
        node: nodes.map((node) => ({
          name: node.name,
          opType: node.op,
          domain: node.domain,
          input: node.inputs,
          output: node.outputs,
          attribute: node.attributes,
        })),
        initializer: tensors.map(tensorMessage),
        input: inputs.map(valueMessage),
        output: outputs.map(valueMessage),
      },
    }),
  ).finish();
}

function tensorMessage({ name, dims, dataType, content }: WrittenTensor): object {
  if ('encoded' in content) return { ...ForeignTensorProto.decode(content.encoded), name };
  if ('raw' in content) return { name, dims, dataType, rawData: content.raw };
  return {
    name,
    dims,
    dataType,
    dataLocation: EXTERNAL_DATA,
    externalData: [
      { key: 'location', value: content.file },
      { key: 'offset', value: String(content.offset) },
      { key: 'length', value: String(content.bytes) },
    ],
  };
}

const valueMessage = ({ name, dataType, dims }: WrittenValue): object => ({
  name,
  type: {
    tensorType: {
      elemType: dataType,
      shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) },
    },
  },
});

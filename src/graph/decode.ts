import { DATA_TYPE, EXTERNAL_DATA, ModelProto } from './onnx-schema.ts';
import { type DType, type External, GraphError } from './types.ts';

interface TensorMessage {
  readonly name: string;
  readonly dims: readonly (number | { toNumber(): number })[];
  readonly dataType: number;
  readonly dataLocation: number;
  readonly externalData: readonly { readonly key: string; readonly value: string }[];
}

const DTYPES: ReadonlyMap<number, DType> = new Map(
  Object.entries(DATA_TYPE).map(([name, code]) => [code, name as DType]),
);

/** The external tensors of a model that encodeModel wrote. Throws {@link GraphError} for any other model. */
export function readExternals(model: Uint8Array): readonly External[] {
  const { graph } = ModelProto.decode(model) as unknown as {
    graph: { initializer: readonly TensorMessage[] };
  };
  return graph.initializer.filter(({ dataLocation }) => dataLocation === EXTERNAL_DATA).map(readExternal);
}

function readExternal({ name, dims, dataType, externalData }: TensorMessage): External {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const dtype = DTYPES.get(dataType);
  const file = entries.get('location');
  const [offset, bytes] = [Number(entries.get('offset')), Number(entries.get('length'))];
  if (dtype === undefined || file === undefined || !Number.isInteger(offset) || !Number.isInteger(bytes)) {
    throw new GraphError(`${name}: expected an external tensor with location, offset and length`);
  }
  return { kind: 'external', name, dtype, shape: dims.map(Number), file, offset, bytes };
}

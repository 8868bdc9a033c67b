import { external, GraphError, type Value } from '../graph/index.ts';
import type { LinearWeight, StoredTensor, WeightCatalog } from './decoder.ts';

function found<T>(weights: ReadonlyMap<string, T>, name: string): T {
  const weight = weights.get(name);
  if (weight === undefined) throw new GraphError(`${name}: the model has no such weight`);
  return weight;
}

/** A stored tensor as a graph value. Throws unless it has the expected shape and type. */
export function storedTensor(
  name: string,
  tensor: StoredTensor,
  dtype: StoredTensor['dtype'],
  shape: readonly number[],
): Value {
  if (tensor.dtype !== dtype || tensor.shape.join() !== shape.join()) {
    throw new GraphError(`${name}: expected ${dtype} [${shape}], given ${tensor.dtype} [${tensor.shape}]`);
  }
  return external({ name, ...tensor });
}

/** The linear layer `name`. Throws when the catalogue has none. */
export const findLinear = (weights: WeightCatalog, name: string): LinearWeight =>
  found(weights.linears, name);

/** The float32 tensor `name` of this shape. Throws when there is none. */
export const findTensor = (weights: WeightCatalog, name: string, shape: readonly number[]): Value =>
  storedTensor(name, found(weights.tensors, name), 'float32', shape);

/** The float32 vector `name` of this length. Throws when there is none. */
export const findVector = (weights: WeightCatalog, name: string, length: number): Value =>
  findTensor(weights, name, [length]);

import { Operands, type ShapeRule } from './operands.ts';
import { CONTRIB_RULES } from './shapes-contrib.ts';
import { DECODING_RULES } from './shapes-decoding.ts';
import { STANDARD_RULES } from './shapes-standard.ts';
import { TRAINING_RULES } from './shapes-training.ts';
import { type Attributes, type Domain, GraphError, type TensorType, type Value } from './types.ts';

/** The shape rule of every op that a graph may hold. */
const SHAPE_RULES: Readonly<Record<Domain, ReadonlyMap<string, ShapeRule>>> = {
  '': new Map(Object.entries({ ...STANDARD_RULES, ...TRAINING_RULES, ...DECODING_RULES })),
  'com.microsoft': new Map(Object.entries(CONTRIB_RULES)),
};

/** Types of the outputs of an op. Throws {@link GraphError} for an op without a rule and for wrong operands. */
export function inferTypes(
  op: string,
  domain: Domain,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
): readonly TensorType[] {
  const rule = SHAPE_RULES[domain].get(op);
  if (rule === undefined) throw new GraphError(`${op}: no shape rule in domain '${domain}'`);
  return rule(new Operands(op, inputs, attributes));
}

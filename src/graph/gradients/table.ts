import { GraphError, type Node } from '../types.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { INDEXING } from './indexing.ts';
import { LAYOUT } from './layout.ts';
import { NORMALISATION } from './normalisation.ts';
import { PRODUCTS } from './products.ts';
import { REDUCTIONS } from './reductions.ts';
import { ROTARY } from './rotary.ts';
import type { GradientRule } from './rule.ts';

/** The gradient rule of every op that can be differentiated. Names are unique across the two ONNX domains. */
export const GRADIENT_RULES: ReadonlyMap<string, GradientRule> = new Map(
  Object.entries({
    ...ELEMENTWISE,
    ...PRODUCTS,
    ...REDUCTIONS,
    ...NORMALISATION,
    ...LAYOUT,
    ...INDEXING,
    ...ROTARY,
  }),
);

/** Throws {@link GraphError}, naming the op, when it has none. */
export function ruleOf({ op, domain }: Node): GradientRule {
  const rule = GRADIENT_RULES.get(op);
  if (rule === undefined) throw new GraphError(`${op}: no gradient rule in domain '${domain}'`);
  return rule;
}

import { add } from '../ops.ts';
import { GraphError, type Node, type Result, type Value } from '../types.ts';
import { scalar } from '../values.ts';
import { sumToShape } from './broadcast.ts';
import type { Backward } from './rule.ts';
import { ruleOf } from './table.ts';

/**
 * d output / d wanted by reverse-mode differentiation, as new nodes over the same values; one gradient a wanted
 * value, of its shape. Only nodes between the wanted values and the output are differentiated, so a frozen weight
 * costs nothing. `output` must be a scalar of shape [].
 * Throws {@link GraphError} when the output is no scalar, when a wanted value does not reach it, and, naming the op,
 * when an op on the way has no gradient rule.
 */
export function gradients(output: Result, wanted: readonly Value[]): readonly Value[] {
  if (output.shape.length !== 0) {
    throw new GraphError(`only a scalar can be differentiated, given [${output.shape}]`);
  }
  const { order, active } = reachedFrom(wanted, output.node);
  const cotangents = new Map<Value, Value>([[output, scalar(1)]]);
  for (const node of order.toReversed()) {
    const given = node.outputs.map((result) => cotangents.get(result) ?? null);
    if (given.every((gradient) => gradient === null)) continue;
    const found = ruleOf(node)(backwardOf(node, given, active));
    for (const [index, operand] of node.inputs.entries()) {
      const gradient = found[index] ?? null;
      if (operand === null || gradient === null || !active.has(operand)) continue;
      const own = sumToShape(gradient, operand);
      const before = cotangents.get(operand);
      cotangents.set(operand, before === undefined ? own : add(before, own));
    }
  }
  return wanted.map((value) => {
    const gradient = cotangents.get(value);
    if (gradient === undefined) throw new GraphError('a wanted value does not reach the output');
    return gradient;
  });
}

/** The nodes that depend on a wanted value, each after those it reads, and every value that does. */
function reachedFrom(
  wanted: readonly Value[],
  last: Node,
): { readonly order: readonly Node[]; readonly active: ReadonlySet<Value> } {
  const active = new Set<Value>(wanted);
  const order: Node[] = [];
  const seen = new Set<Node>();
  // Depth first with an explicit stack: a chain through all layers is longer than the call stack allows.
  const stack = [last];
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const missing = node.inputs.flatMap((value) =>
      value?.kind === 'result' && !seen.has(value.node) ? [value.node] : [],
    );
    if (missing.length > 0) {
      stack.push(...missing);
      continue;
    }
    stack.pop();
    if (seen.has(node)) continue;
    seen.add(node);
    // A shape stays when values change: what is computed from it is constant.
    if (node.op !== 'Shape' && node.inputs.some((value) => value !== null && active.has(value))) {
      order.push(node);
      for (const result of node.outputs) active.add(result);
    }
  }
  return { order, active };
}

function backwardOf(node: Node, given: readonly (Value | null)[], active: ReadonlySet<Value>): Backward {
  return {
    node,
    gradients: given,
    get output(): Result {
      return single(node, node.outputs);
    },
    get gradient(): Value {
      return single(node, given) ?? refuse(node, 'no gradient of its output');
    },
    operand: (index) => node.inputs[index] ?? refuse(node, `no operand ${index}`),
    wants: (index) => {
      const operand = node.inputs[index] ?? null;
      return operand !== null && active.has(operand);
    },
    int: (name, fallback) => {
      const attribute = node.attributes[name];
      return attribute?.type === 'int' ? attribute.value : fallback;
    },
  };
}

function single<T>(node: Node, values: readonly T[]): T {
  if (values.length !== 1) refuse(node, `${values.length} outputs where one was expected`);
  return values[0]!;
}

function refuse(node: Node, what: string): never {
  throw new GraphError(`${node.op}: ${what}`);
}

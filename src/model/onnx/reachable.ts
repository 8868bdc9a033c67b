import type { ForeignNode } from '../../graph/index.ts';

/** The nodes that the outputs need, each behind those that it reads. */
export function reachableNodes(
  nodes: readonly ForeignNode[],
  outputs: readonly string[],
): readonly ForeignNode[] {
  const producers = new Map<string, ForeignNode>();
  for (const node of nodes) for (const output of node.outputs) if (output !== '') producers.set(output, node);
  const sorted = new Set<ForeignNode>();
  // Depth first with an explicit stack: a chain through all layers is longer than the call stack allows.
  const stack = outputs.flatMap((output) => producers.get(output) ?? []).reverse();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const missing = node.inputs.flatMap((input) => {
      const producer = producers.get(input);
      return producer === undefined || sorted.has(producer) ? [] : [producer];
    });
    if (missing.length > 0) {
      stack.push(...missing.reverse());
      continue;
    }
    stack.pop();
    sorted.add(node);
  }
  return [...sorted];
}

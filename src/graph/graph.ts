import {
  type Constant,
  type External,
  GraphError,
  type Input,
  type Node,
  type Result,
  type Value,
} from './types.ts';
import { createNode } from './values.ts';

/** A finished graph: every node once, each after those it reads. Equal applications of an op are one node. */
export interface Graph {
  readonly inputs: readonly Input[];
  /** Of the graph around a body: inputs that the body reads as they are. */
  readonly captured: readonly Input[];
  readonly constants: readonly Constant[];
  readonly externals: readonly External[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly { readonly name: string; readonly value: Result }[];
}

/** Constants up to this size are merged by content; larger ones (rotary tables) only with themselves. */
const MERGED_CONSTANT_BYTES = 256;

/** Gives equal values one representative and a number, so that equal nodes get equal keys. */
class Canon {
  readonly #numbers = new Map<Value, number>();
  readonly #values = new Map<string, Value>();
  readonly #nodes = new Map<Node, Node>();
  readonly #nodeByKey = new Map<string, Node>();
  readonly constants: Constant[] = [];
  readonly externals: External[] = [];
  readonly nodes: Node[] = [];

  constructor(inputs: readonly Input[]) {
    for (const value of inputs) {
      if (this.#values.has(`input ${value.name}`))
        throw new GraphError(`${value.name}: two inputs of this name`);
      this.#remember(`input ${value.name}`, value);
    }
  }

  #remember(key: string, value: Value): void {
    this.#values.set(key, value);
    this.#numbers.set(value, this.#numbers.size);
  }

  has(node: Node): boolean {
    return this.#nodes.has(node);
  }

  value(value: Value): Value {
    if (value.kind === 'result') return this.#nodes.get(value.node)!.outputs[value.index]!;
    if (this.#numbers.has(value)) return value;
    if (value.kind === 'input')
      throw new GraphError(`${value.name}: read by a node, but not declared as an input`);
    const key = value.kind === 'constant' ? constantKey(value, this.#numbers.size) : `external ${value.name}`;
    const known = this.#values.get(key);
    if (known !== undefined) return value.kind === 'external' ? sameExternal(known, value) : known;
    this.#remember(key, value);
    if (value.kind === 'constant') this.constants.push(value);
    else this.externals.push(value);
    return value;
  }

  /** Two bodies are never one. */
  #keyOf(node: Node, inputs: readonly (Value | null)[]): string {
    const bodies = bodiesOf(node);
    // Throws unless they are inputs here.
    for (const body of bodies) for (const value of body.captured) this.value(value);
    if (bodies.length > 0) return `body ${this.nodes.length}`;
    const operands = inputs.map((value) => (value === null ? '' : this.#numbers.get(value)));
    return `${node.domain} ${node.op} ${operands} ${JSON.stringify(node.attributes)}`;
  }

  add(node: Node): void {
    const inputs = node.inputs.map((value) => (value === null ? null : this.value(value)));
    const key = this.#keyOf(node, inputs);
    let canonical = this.#nodeByKey.get(key);
    if (canonical === undefined) {
      canonical = createNode(node.op, node.domain, inputs, node.attributes, node.outputs);
      this.#nodeByKey.set(key, canonical);
      this.nodes.push(canonical);
      for (const output of canonical.outputs) this.#numbers.set(output, this.#numbers.size);
    }
    this.#nodes.set(node, canonical);
  }
}

const bodiesOf = ({ attributes }: Node): readonly Graph[] =>
  Object.values(attributes).flatMap((attribute) => (attribute.type === 'graph' ? [attribute.value] : []));

function constantKey({ dtype, shape, data }: Constant, unique: number): string {
  return data.byteLength > MERGED_CONSTANT_BYTES ? `constant ${unique}` : `${dtype} [${shape}] ${data}`;
}

function sameExternal(known: Value, value: External): Value {
  if (JSON.stringify(known) !== JSON.stringify(value)) {
    throw new GraphError(`${value.name}: two external tensors of this name differ`);
  }
  return known;
}

/**
 * Closes a graph over its outputs. The order of the nodes depends only on the outputs' order.
 * Throws for an input that is read but not declared, and for names that are used twice.
 * @param captured of a body: inputs of the graph around it
 */
export function createGraph(
  inputs: readonly Input[],
  outputs: Readonly<Record<string, Result>>,
  captured: readonly Input[] = [],
): Graph {
  const canon = new Canon([...inputs, ...captured]);
  // Depth first with an explicit stack: a chain through all layers is longer than the call stack allows.
  const stack = Object.values(outputs)
    .map(({ node }) => node)
    .reverse();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const missing = node.inputs
      .flatMap((value) => (value?.kind === 'result' && !canon.has(value.node) ? [value.node] : []))
      .reverse();
    if (missing.length > 0) {
      stack.push(...missing);
      continue;
    }
    stack.pop();
    if (!canon.has(node)) canon.add(node);
  }
  const named = Object.entries(outputs).map(([name, value]) => ({
    name,
    value: canon.value(value) as Result,
  }));
  if (new Set(named.map(({ value }) => value)).size !== named.length) {
    throw new GraphError('two outputs are the same value');
  }
  return {
    inputs,
    captured,
    constants: canon.constants,
    externals: canon.externals,
    nodes: canon.nodes,
    outputs: named,
  };
}

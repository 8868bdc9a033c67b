import { decodeForeignAttributes, type ForeignAttribute, type ForeignNode } from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import type { OnnxModel, OnnxTensor } from './read.ts';

/** Domains whose operators ONNX Runtime has on the CPU. */
const DOMAINS: readonly string[] = ['', 'ai.onnx.ml', 'com.microsoft'];

/** An ONNX graph that has been checked, and questions about how its values come about. */
export class OnnxGraph {
  readonly nodes: readonly ForeignNode[];
  readonly model: OnnxModel;
  readonly #producers = new Map<string, number>();
  readonly #constants = new Set<string>();
  readonly #attributes = new Map<ForeignNode, ReadonlyMap<string, ForeignAttribute>>();

  /**
   * Throws `unprocessable` onnx_custom_operators, onnx_subgraphs, onnx_external_attribute or onnx_order; `param` is
   * the node.
   */
  constructor(model: OnnxModel) {
    this.model = model;
    this.nodes = model.nodes;
    const known = new Set(['', ...model.inputs.keys(), ...model.tensors.keys()]);
    for (const name of model.tensors.keys()) this.#constants.add(name);
    for (const [index, node] of model.nodes.entries()) {
      this.#check(node, known);
      const isConstant = node.inputs.every((input) => input === '' || this.#constants.has(input));
      for (const output of node.outputs) {
        if (output === '') continue;
        known.add(output);
        this.#producers.set(output, index);
        if (isConstant) this.#constants.add(output);
      }
    }
  }

  /** The node that makes a value, or null for inputs and tensors. */
  producer(value: string): ForeignNode | null {
    return this.nodes[this.order(value)] ?? null;
  }

  /** The place of a value's node; -1 for inputs and tensors. */
  order(value: string): number {
    return this.#producers.get(value) ?? -1;
  }

  /** Whether a value is the same in every run. */
  isConstant(value: string): boolean {
    return this.#constants.has(value);
  }

  tensor(value: string | undefined): OnnxTensor | null {
    return this.model.tensors.get(value ?? '') ?? null;
  }

  readers(value: string): readonly ForeignNode[] {
    return this.nodes.filter(({ inputs }) => inputs.includes(value));
  }

  attributes(node: ForeignNode): ReadonlyMap<string, ForeignAttribute> {
    return this.#attributes.get(node)!;
  }

  /** An integer attribute of a node, or its default. */
  int(node: ForeignNode, name: string, fallback: number): number {
    return this.attributes(node).get(name)?.int ?? fallback;
  }

  /** The values that depend on the numbers of `roots`, and not only on their shapes. */
  dependents(roots: readonly string[]): ReadonlySet<string> {
    const values = new Set(roots);
    for (const { op, inputs, outputs } of this.nodes) {
      if (op === 'Shape' || op === 'Size') continue;
      if (inputs.some((input) => values.has(input))) for (const output of outputs) values.add(output);
    }
    return values;
  }

  #check(node: ForeignNode, known: ReadonlySet<string>): void {
    const title = describe(node);
    if (!DOMAINS.includes(node.domain)) {
      throw unsupportedModel(
        'onnx_custom_operators',
        node.name,
        `The model uses ${title}, an operator that ONNX Runtime does not have.`,
        {
          expected: `operators of the domains ${DOMAINS.map((domain) => domain || 'ai.onnx').join(', ')}`,
          given: node.domain,
        },
      );
    }
    const attributes = decodeForeignAttributes(node);
    if (attributes.some(({ holdsGraph }) => holdsGraph)) {
      throw unsupportedModel(
        'onnx_subgraphs',
        node.name,
        `The model has a graph inside of ${title}: a merged export (use_cache_branch) has.`,
        {
          expected: 'one graph with past_key_values: export with the task text-generation-with-past',
          given: node.op,
        },
      );
    }
    // Its file would be looked for relative to the bundle.
    if (attributes.some(({ holdsForeignTensor }) => holdsForeignTensor)) {
      throw unsupportedModel(
        'onnx_external_attribute',
        node.name,
        `${title} holds a tensor that is not in the model.`,
        { expected: 'tensors inside of the model or among its initializers' },
      );
    }
    for (const input of node.inputs) {
      if (!known.has(input)) {
        throw unsupportedModel(
          'onnx_order',
          input,
          `${title} reads ${input}, which nothing before it makes.`,
          {
            expected: 'every node behind those that it reads',
          },
        );
      }
    }
    for (const output of node.outputs) {
      if (output !== '' && known.has(output)) {
        throw unsupportedModel('onnx_order', output, `${title} makes ${output} a second time.`, {
          expected: 'every value once',
        });
      }
    }
    this.#attributes.set(node, new Map(attributes.map((attribute) => [attribute.name, attribute])));
  }
}

/** A node in words: its operator and its name. */
export function describe({ op, domain, name }: ForeignNode): string {
  return `${domain === '' ? op : `${domain}.${op}`}${name === '' ? '' : ` (${name})`}`;
}

import {
  encodeIntAttribute,
  encodeIntsAttribute,
  type ForeignNode,
  type WrittenTensor,
} from '../../graph/index.ts';

const FLOAT32 = 1;
const INT64 = 7;

/** Integers, or a list of them. */
type Attributes = Readonly<Record<string, number | readonly number[]>>;

/** Nodes and small tensors that are added to an export; their names never meet those of the export, which get a prefix. */
export class Patch {
  readonly nodes: ForeignNode[] = [];
  readonly #constants = new Map<string, WrittenTensor>();

  get constants(): readonly WrittenTensor[] {
    return [...this.#constants.values()];
  }

  /** Adds a node with one output or several; returns the name of the first. */
  add(
    op: string,
    inputs: readonly string[],
    output: string | readonly string[],
    attributes: Attributes = {},
    domain: '' | 'com.microsoft' = '',
  ): string {
    const outputs = typeof output === 'string' ? [output] : output;
    this.nodes.push({
      op,
      domain,
      name: outputs[0]!,
      inputs,
      outputs,
      attributes: Object.entries(attributes).map(([name, value]) =>
        typeof value === 'number' ? encodeIntAttribute(name, value) : encodeIntsAttribute(name, value),
      ),
    });
    return outputs[0]!;
  }

  /** An int64 tensor, of no dimension for a single number; equal ones are one. */
  integers(value: number | readonly number[]): string {
    const values = typeof value === 'number' ? [value] : value;
    const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant(
      `int64 ${JSON.stringify(value)}`,
      INT64,
      Array.isArray(value) ? [values.length] : [],
      raw,
    );
  }

  /** A float32 tensor of no dimension. */
  float(value: number): string {
    return this.#constant(`float32 ${value}`, FLOAT32, [], new Uint8Array(Float32Array.of(value).buffer));
  }

  #constant(name: string, dataType: number, dims: readonly number[], raw: Uint8Array): string {
    this.#constants.set(name, { name, dims, dataType, content: { raw } });
    return name;
  }
}

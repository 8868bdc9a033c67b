import type { LlamaConfig } from '../../src/families/decoder.ts';

/** Dense float weights under the names of the catalogue: linears [out, in] with `.weight`, vectors. */
export type DenseWeights = ReadonlyMap<string, Float32Array>;

export interface ReferenceResult {
  /** Hidden states behind the final norm, one row a position. */
  readonly hidden: number[][];
  /** One row of the vocabulary a position. */
  readonly logits: number[][];
  /** Rotated keys, and values: [layer][position][kv_heads * head_dim]. */
  readonly keys: number[][][];
  readonly values: number[][][];
}

type Rows = number[][];

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/**
 * A llama-like decoder in plain float64 loops over one sequence from position 0, with the default rotary embedding;
 * written for being obvious, from the papers' formulas.
 */
export function referenceForward(
  config: LlamaConfig,
  weights: DenseWeights,
  embeddings: Rows,
): ReferenceResult {
  const { headDim, numAttentionHeads: heads, numKeyValueHeads: kvHeads, rope } = config;

  const linear = (x: Rows, name: string): Rows => {
    const weight = weights.get(`${name}.weight`)!;
    const bias = weights.get(`${name}.bias`);
    return x.map((row) =>
      Array.from(
        { length: weight.length / row.length },
        (_, o) => dot(row, weight.subarray(o * row.length, (o + 1) * row.length)) + (bias?.[o] ?? 0),
      ),
    );
  };
  const norm = (x: Rows, name: string): Rows => {
    const scale = weights.get(`${name}.weight`)!;
    return x.map((row) => {
      const root = Math.sqrt(dot(row, row) / row.length + config.rmsNormEps);
      return row.map((value, i) => (value / root) * scale[i]!);
    });
  };
  const add = (a: Rows, b: Rows): Rows => a.map((row, s) => row.map((value, i) => value + b[s]![i]!));
  const head = (row: number[], h: number): number[] => row.slice(h * headDim, (h + 1) * headDim);
  const rotate = (x: Rows): Rows =>
    x.map((row, position) =>
      row.map((value, at) => {
        const j = at % headDim;
        const pair = j % (headDim / 2);
        const angle = position * rope.theta ** ((-2 * pair) / headDim);
        const other = j < headDim / 2 ? -row[at + headDim / 2]! : row[at - headDim / 2]!;
        return value * Math.cos(angle) + other * Math.sin(angle);
      }),
    );
  const attend = (queries: Rows, keys: Rows, values: Rows): Rows =>
    queries.map((query, s) =>
      Array.from({ length: heads }, (_, h) => {
        const kv = Math.floor(h / (heads / kvHeads));
        const scores = keys
          .slice(0, s + 1)
          .map((key) => dot(head(query, h), head(key, kv)) / Math.sqrt(headDim));
        const exps = scores.map((score) => Math.exp(score - Math.max(...scores)));
        const total = exps.reduce((a, b) => a + b);
        return Array.from(
          { length: headDim },
          (_, j) =>
            dot(
              exps,
              values.slice(0, s + 1).map((value) => head(value, kv)[j]!),
            ) / total,
        );
      }).flat(),
    );

  const result: ReferenceResult = { hidden: [], logits: [], keys: [], values: [] };
  let hidden = embeddings;
  for (let layer = 0; layer < config.numLayers; layer++) {
    const prefix = `model.layers.${layer}`;
    const x = norm(hidden, `${prefix}.input_layernorm`);
    const keys = rotate(linear(x, `${prefix}.self_attn.k_proj`));
    const values = linear(x, `${prefix}.self_attn.v_proj`);
    const mixed = attend(rotate(linear(x, `${prefix}.self_attn.q_proj`)), keys, values);
    hidden = add(hidden, linear(mixed, `${prefix}.self_attn.o_proj`));
    const y = norm(hidden, `${prefix}.post_attention_layernorm`);
    const gate = linear(y, `${prefix}.mlp.gate_proj`);
    const up = linear(y, `${prefix}.mlp.up_proj`);
    const product = gate.map((row, s) => row.map((g, i) => (g / (1 + Math.exp(-g))) * up[s]![i]!));
    hidden = add(hidden, linear(product, `${prefix}.mlp.down_proj`));
    result.keys.push(keys);
    result.values.push(values);
  }
  result.hidden.push(...norm(hidden, 'model.norm'));
  result.logits.push(...linear(result.hidden, 'lm_head'));
  return result;
}

/** A llama model by its sizes. The head is the embedding table (tied). */
export interface Shape {
  /** As `--shape` takes it. */
  readonly id: string;
  /** As the tables show it. */
  readonly title: string;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediate: number;
  readonly vocab: number;
}

/** Of SmolLM2-135M, of about 1 B parameters (1,038,682,112), and one to try the script with. */
export const SHAPES: readonly Shape[] = [
  {
    id: 'smollm2',
    title: 'SmolLM2’s shape',
    layers: 30,
    hidden: 576,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    intermediate: 1536,
    vocab: 49_152,
  },
  {
    id: '1b',
    title: 'a shape of 1 B parameters',
    layers: 16,
    hidden: 2048,
    heads: 32,
    kvHeads: 8,
    headDim: 64,
    intermediate: 8192,
    vocab: 32_000,
  },
  {
    id: 'tiny',
    title: 'a tiny shape',
    layers: 2,
    hidden: 64,
    heads: 4,
    kvHeads: 2,
    headDim: 16,
    intermediate: 128,
    vocab: 32_000,
  },
];

export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Tensors of each layer under transformers' names, [out, in] of linear ones. */
export function layerTensors(shape: Shape, layer: number): TensorShape[] {
  const { hidden, heads, kvHeads, headDim, intermediate } = shape;
  const tensors: Readonly<Record<string, readonly number[]>> = {
    input_layernorm: [hidden],
    'self_attn.q_proj': [heads * headDim, hidden],
    'self_attn.k_proj': [kvHeads * headDim, hidden],
    'self_attn.v_proj': [kvHeads * headDim, hidden],
    'self_attn.o_proj': [hidden, heads * headDim],
    post_attention_layernorm: [hidden],
    'mlp.gate_proj': [intermediate, hidden],
    'mlp.up_proj': [intermediate, hidden],
    'mlp.down_proj': [hidden, intermediate],
  };
  return Object.entries(tensors).map(([name, size]) => ({
    name: `model.layers.${layer}.${name}.weight`,
    shape: size,
  }));
}

/** Tensors that stand before and after the layers. */
export function outerTensors({ hidden, vocab }: Shape): TensorShape[] {
  return [
    { name: 'model.embed_tokens.weight', shape: [vocab, hidden] },
    { name: 'model.norm.weight', shape: [hidden] },
  ];
}

export const elements = ({ shape }: TensorShape): number => shape.reduce((a, b) => a * b, 1);

/** All weights. A decode step reads each once: the head is the whole embedding table. */
export function parameters(shape: Shape): number {
  const sum = (tensors: readonly TensorShape[]) => tensors.reduce((all, tensor) => all + elements(tensor), 0);
  return shape.layers * sum(layerTensors(shape, 0)) + sum(outerTensors(shape));
}

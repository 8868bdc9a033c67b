/** How the weights of the linear layers are held and multiplied. */
export type Precision = 'float32' | 'float16' | 'int8' | 'int4';

/** The name that stands for the model in the package in place of a path. */
export const EMBEDDED = 'embedded';

/** What the rest of the service may know about the frozen base model. */
export interface ModelInfo {
  /** The model id that clients use, e.g. `smollm2-135m-instruct`. */
  readonly id: string;
  /** SHA-256 of the bundle's content; prompts are bound to it. */
  readonly hash: string;
  /** Architecture family, e.g. `llama`. */
  readonly family: string;
  /** A decoder goes on with its input; an encoder-decoder reads it whole and begins an output of its own. */
  readonly kind: 'decoder' | 'encoder-decoder';
  readonly precision: Precision;
  /** Width of one embedding row; `token_dim` of every prompt. */
  readonly tokenDim: number;
  /** Of an encoder-decoder model: of the encoder. */
  readonly numLayers: number;
  readonly numAttentionHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  /** Rows of the embedding table and width of the logits. */
  readonly vocabSize: number;
  /** Largest number of positions: virtual tokens + input + output; of an encoder-decoder model each side's own. */
  readonly contextLength: number;
  /** Hub ids or names under which adapters may name this base model; empty when unknown. */
  readonly aliases: readonly string[];
  /** Unix seconds of the import. */
  readonly createdAt: number;
}

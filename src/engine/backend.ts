import type { KvArray } from './kv/elements.ts';
import type { KvShape } from './kv/kv.ts';

/** The keys and values of a prompt, the same in every row that begins with them. */
export interface PastPrefix {
  readonly key: string;
  /** Positions; no more than those of the row. */
  readonly length: number;
}

/** Which row of the past is which: a backend that has seen it before may have kept it on its device. */
export interface PastRow {
  /** What it holds below its length never changes as long as it is under this id. */
  readonly id: number | string;
  /** Positions in use. */
  readonly length: number;
  /** What it begins with. */
  readonly prefix: PastPrefix | null;
}

/** What the encoder made of the sources of a run's rows, see CROSS_IO in families/encoder-decoder.ts. */
export interface SourceInputs {
  /** Positions, padding included. */
  readonly length: number;
  /** Plane by plane [batch, heads, length, dim]; read in place. */
  readonly planes: readonly KvArray[];
  /** [batch, 1, 1, length] */
  readonly bias: Float32Array;
  /** As of the past. */
  readonly rows?: readonly PastRow[];
}

/**
 * One forward pass of the frozen model. All arrays are row-major; see SERVING_IO in families/decoder.ts for
 * the meaning of each. The past comes in with every call: what a backend keeps of it is a copy.
 */
export interface StepInputs {
  readonly batch: number;
  readonly sequence: number;
  /** Positions of the past; 0 is allowed. */
  readonly past: number;
  /** [batch, sequence, hidden] */
  readonly embeds: Float32Array;
  /** [batch, sequence] */
  readonly positionIds: BigInt64Array;
  /** [batch, 1, sequence, past + sequence] */
  readonly attentionBias: Float32Array;
  /** Plane by plane [batch, heads, past, dim]; read in place. */
  readonly pastPlanes: readonly KvArray[];
  /** One a row where rows come again in later runs; they are in `pastPlanes` all the same. */
  readonly pastRows?: readonly PastRow[];
  /** One a row where no row's past is more than a prefix; null: it has none. They are in `pastPlanes` all the same. */
  readonly pastPrefixes?: readonly (PastPrefix | null)[];
  /** Null in a decoder-only model. */
  readonly source: SourceInputs | null;
  /** Indices into batch * sequence: the rows of logits that are computed. */
  readonly logitPositions: BigInt64Array;
  /** Rows of logits, by their place in `logitPositions`, whose best tokens are wanted. */
  readonly bestRows: BigInt64Array;
  /** Rows of logits out of which `scorePairs` picks. */
  readonly scoredRows: BigInt64Array;
  /** [pairs, 2]: place in `scoredRows`, token id. */
  readonly scorePairs: BigInt64Array;
  /** Whether all logits are wanted as well; they are large, and every output is copied. */
  readonly wantsLogits: boolean;
  /** Whether the hidden states are wanted as well. */
  readonly wantsHidden: boolean;
}

/** The best tokens of one position, best first. */
export interface BestTokens {
  readonly logits: Float32Array;
  readonly tokens: BigInt64Array;
}

export interface StepOutputs {
  /** [logitPositions.length, vocab] if they were wanted; the caller may change them. */
  readonly logits: Float32Array | null;
  /** [logitPositions.length, hidden], behind the final norm, if they were wanted. */
  readonly hiddenStates: Float32Array | null;
  /** Both [bestRows.length, bestCount]. */
  readonly best: BestTokens;
  /** log p of every pair, [pairs]. */
  readonly scores: Float32Array;
  /** [planes, batch, heads, sequence, dim] */
  readonly newKeysValues: KvArray;
}

/** Sources that are encoded together, see ENCODER_IO. */
export interface EncodeInputs {
  readonly batch: number;
  /** Positions of a source, padding included. */
  readonly length: number;
  /** [batch, length, hidden] */
  readonly embeds: Float32Array;
  /** [batch, 1, 1, length] */
  readonly bias: Float32Array;
}

/** The other half of an encoder-decoder model. */
export interface Encoder {
  /** What its decoder reads first. */
  readonly startTokenId: number;
  /** Keys and values of the cross-attention, [planes, batch, heads, length, dim]. */
  encode(inputs: EncodeInputs): Promise<KvArray>;
  release(): Promise<void>;
}

/**
 * Several decode steps: every row is fed its last token, and then what it chooses, until it stops. See DECODE_LOOP_IO in
 * families/decode-loop.ts for the meaning of each.
 */
export interface LoopInputs {
  readonly batch: number;
  /** Most steps of this run. */
  readonly steps: number;
  /** Positions of the past; 0 is allowed. */
  readonly past: number;
  /** Plane by plane [batch, heads, past, dim]; read in place. */
  readonly pastPlanes: readonly KvArray[];
  readonly pastRows?: readonly PastRow[];
  /** These are [batch]. */
  readonly lastTokens: BigInt64Array;
  readonly lengths: BigInt64Array;
  readonly limits: BigInt64Array;
  readonly kinds: BigInt64Array;
  readonly temperatures: Float64Array;
  readonly topK: BigInt64Array;
  readonly topP: Float64Array;
  /** [batch, stops], stops at least 1. */
  readonly stopTokens: BigInt64Array;
  readonly candidates: number;
  /** [steps, batch] */
  readonly uniforms: Float64Array;
}

export interface LoopOutputs {
  /** Steps that were made. */
  readonly turns: number;
  /** [turns, batch] */
  readonly chosen: BigInt64Array;
  /** [turns, batch]; not finite where a row's numbers are not. */
  readonly bestLogits: Float32Array;
  /** Steps of each row, [batch]. */
  readonly counts: BigInt64Array;
  /** [planes, batch, heads, 1 + turns, dim]; the first position is of no use. */
  readonly newKeysValues: KvArray;
}

/** Decodes several steps in one run. */
export interface DecodeLoop {
  /** Most steps of a run. */
  readonly steps: number;
  run(inputs: LoopInputs): Promise<LoopOutputs>;
  release(): Promise<void>;
}

export interface Backend {
  readonly kvShape: KvShape;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  /** Best tokens that a run tells of a row. */
  readonly bestCount: number;
  /** Positions that a token can look back, itself included; null: all. */
  readonly slidingWindow: number | null;
  /** Null: the model is a decoder only. */
  readonly encoder: Encoder | null;
  /** Null: a run is one decode step. */
  readonly loop: DecodeLoop | null;
  run(inputs: StepInputs): Promise<StepOutputs>;
  release(): Promise<void>;
}

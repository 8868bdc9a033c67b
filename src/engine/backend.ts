import type { KvShape } from './kv/kv.ts';

/**
 * One forward pass of the frozen model. All arrays are row-major; see SERVING_IO in families/decoder.ts for
 * the meaning of each. A backend holds no state between runs: the past comes in with every call.
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
  readonly pastPlanes: readonly Float32Array[];
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
}

/** The best tokens of one position, best first. */
export interface BestTokens {
  readonly logits: Float32Array;
  readonly tokens: BigInt64Array;
}

export interface StepOutputs {
  /** [logitPositions.length, vocab] if they were wanted; the caller may change them. */
  readonly logits: Float32Array | null;
  /** Both [bestRows.length, bestCount]. */
  readonly best: BestTokens;
  /** log p of every pair, [pairs]. */
  readonly scores: Float32Array;
  /** [planes, batch, heads, sequence, dim] */
  readonly newKeysValues: Float32Array;
}

export interface Backend {
  readonly kvShape: KvShape;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  /** Best tokens that a run tells of a row. */
  readonly bestCount: number;
  /** Positions that a token can look back, itself included; null: all. */
  readonly slidingWindow: number | null;
  run(inputs: StepInputs): Promise<StepOutputs>;
  release(): Promise<void>;
}

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
  /** Indices into batch * sequence. */
  readonly logitPositions: BigInt64Array;
}

export interface StepOutputs {
  /** [logitPositions.length, vocab]; the caller may change it. */
  readonly logits: Float32Array;
  /** [planes, batch, heads, sequence, dim] */
  readonly newKeysValues: Float32Array;
}

export interface Backend {
  readonly kvShape: KvShape;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  /** Positions that a token can look back, itself included; null: all. */
  readonly slidingWindow: number | null;
  run(inputs: StepInputs): Promise<StepOutputs>;
  release(): Promise<void>;
}

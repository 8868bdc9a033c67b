import type { Principal } from './principal.ts';

export interface NeighborsRequest {
  readonly caller: Principal;
  readonly task: string;
  readonly version: number;
  /** Neighbours of each virtual token, 1 or more. */
  readonly k: number;
}

/** A row of the vocabulary's embedding table beside a virtual token. */
export interface Neighbor {
  readonly id: number;
  /** The token's string in the vocabulary; null: the row has no token. */
  readonly token: string | null;
  /** From -1 to 1. */
  readonly cosine: number;
}

export interface VirtualToken {
  /** L2 norm of the row. */
  readonly norm: number;
  /** Of the norm to the median norm of the embedding table. */
  readonly normRatio: number;
  /** The most alike first, of equal ones the smaller id; none of a row of zeros, which has no direction. */
  readonly neighbors: readonly Neighbor[];
}

export interface PromptNeighbors {
  readonly medianNorm: number;
  /** In the order of the prompt. */
  readonly virtualTokens: readonly VirtualToken[];
}

/** A version by its name, `task@version`. */
export interface NamedVersion {
  readonly id: string;
  readonly task: string;
  readonly version: number;
}

/**
 * How alike two prompts are, from -1 to 1: the two measures of Vu et al. 2022, "SPoT". Null where there is no direction
 * to compare: of `mean` when a mean vector is zero, of `pairs` when all rows of a prompt are.
 */
export interface PromptLikeness {
  /** Cosine of the mean vectors (average tokens). */
  readonly mean: number | null;
  /** Mean cosine over all pairs of a row of the one and a row of the other (per-token average). */
  readonly pairs: number | null;
}

export interface PromptSimilarity {
  readonly prompts: readonly NamedVersion[];
  /** [prompt][prompt], in their order. */
  readonly likeness: readonly (readonly PromptLikeness[])[];
}

export type LikenessMeasure = keyof PromptLikeness;

export interface TransferRequest {
  readonly caller: Principal;
  /** `task@version`, or a task: its active version. */
  readonly target: string;
  /** The most candidates that are listed. */
  readonly limit: number;
  /** By which they are ordered. */
  readonly measure: LikenessMeasure;
}

export interface TransferCandidates {
  readonly target: NamedVersion;
  /** The most alike first; those without a value come last. */
  readonly candidates: readonly (NamedVersion & PromptLikeness)[];
}

/**
 * What the rows of stored prompts are like. A caller sees its own tasks only. Everything throws `not_found`
 * task_not_found, version_not_found and prompt_not_found (deleted meanwhile), `conflict` no_active_version and
 * model_mismatch, and `unprocessable` no_embedding_rows for PREFIX_TUNING, whose numbers are keys and values.
 */
export interface PromptAnalysis {
  /** Throws `unprocessable` too_many_neighbors as well. */
  neighbors(request: NeighborsRequest, signal: AbortSignal): Promise<PromptNeighbors>;
  /**
   * @param ids each `task@version`, or a task: its active version
   * Throws `invalid` prompt_count and duplicate_prompt as well.
   */
  similarity(ids: readonly string[], caller: Principal, signal: AbortSignal): Promise<PromptSimilarity>;
  /** Compares the active versions of all other tasks that the caller sees; those that cannot be compared are left out. */
  transferCandidates(request: TransferRequest, signal: AbortSignal): Promise<TransferCandidates>;
}

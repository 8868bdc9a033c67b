import type { components } from '../../../test/clients/openapi-types.d.ts';

type Schemas = components['schemas'];

export type Prompt = Schemas['Prompt'];
export type UploadedPrompt = Schemas['UploadedPrompt'];
export type Job = Schemas['FineTuningJob'];
export type JobEvent = Schemas['FineTuningJobEvent'];
export type JobRequest = Schemas['FineTuningJobRequest'];
export type RowFile = Schemas['File'];
export type Classification = Schemas['Classification'];
export type CompletionChunk = Schemas['CompletionChunk'];
export type EvaluationProgress = Schemas['EvaluationProgress'];

/** What serves a task. The document has the fields of all types in one; here the type says which there are. */
export type Plan = (
  | { readonly type: 'version'; readonly version: number }
  | { readonly type: 'ensemble'; readonly versions: readonly number[] }
  | {
      readonly type: 'split';
      readonly shares: readonly { readonly version: number; readonly weight: number }[];
    }
) & { readonly shadow?: number | null };

export type Task = Omit<Schemas['Task'], 'serving'> & { readonly serving: Plan | null };

export type Serving = Omit<Schemas['Serving'], 'plan' | 'previous'> & {
  readonly plan: Plan | null;
  readonly previous: Plan | null;
};

export interface Page<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly next: string | null;
}

export type Interval = readonly [low: number, high: number];

export type Contender = Schemas['Contender'] & { readonly interval?: Interval | null };

export interface Comparison {
  readonly name: string;
  readonly reference: string;
  readonly measure: string;
  readonly difference: number;
  readonly interval: Interval;
  readonly confidence: number;
  readonly p_value: number;
  readonly resamples: number;
}

export type Evaluation = Omit<Schemas['Evaluation'], 'contenders'> & {
  readonly contenders: readonly Contender[];
  readonly significance?: { readonly comparisons: readonly Comparison[] } | null;
};

export interface Neighbor {
  readonly id: number;
  readonly token: string;
  readonly cosine: number | null;
}

export interface Neighbors {
  readonly task: string;
  readonly version: number;
  readonly k: number;
  readonly median_embedding_norm: number;
  readonly caution: string;
  readonly virtual_tokens: readonly {
    readonly index: number;
    readonly norm: number;
    readonly norm_ratio: number;
    readonly neighbors: readonly Neighbor[];
  }[];
}

export type Matrix = readonly (readonly (number | null)[])[];

export interface Similarity {
  readonly ids: readonly string[];
  /** Cosine of the mean vectors. */
  readonly mean: Matrix;
  /** Mean cosine over all pairs of rows. */
  readonly pairs: Matrix;
}

export interface TransferCandidates {
  readonly target: string;
  readonly measure: 'mean' | 'pairs';
  readonly data: readonly {
    readonly id: string;
    readonly task: string;
    readonly version: number;
    readonly mean: number | null;
    readonly pairs: number | null;
  }[];
}

export interface ServiceInfo {
  readonly name?: string;
  readonly version: string;
  readonly status?: string;
  readonly model: {
    readonly id: string;
    readonly family: string;
    readonly precision: string;
    readonly token_dim: number;
    readonly context_length: number;
  };
}

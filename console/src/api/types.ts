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

/** The generator knows a list of numbers; the document says that there are two. */
export type Interval = readonly [low: number, high: number];
type WithInterval<T> = Omit<T, 'interval'> & { readonly interval: Interval };

export type Contender = WithInterval<Schemas['Contender']>;
export type Comparison = WithInterval<Schemas['Comparison']>;
export type Evaluation = Omit<Schemas['Evaluation'], 'contenders' | 'significance'> & {
  readonly contenders: readonly Contender[];
  readonly significance: { readonly comparisons: readonly Comparison[] };
};
export type Neighbors = Schemas['PromptNeighbors'];
export type Similarity = Schemas['PromptSimilarity'];
export type TransferCandidates = Schemas['TransferCandidates'];
export type ServiceInfo = Schemas['Info'];

/** [row][column] */
export type Matrix = readonly (readonly (number | null)[])[];

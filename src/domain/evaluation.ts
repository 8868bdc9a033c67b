import type { Usage } from './inference.ts';
import type { Principal } from './principal.ts';

/** A file of labelled rows. */
export type RowFormat = 'jsonl' | 'csv';

/** Labelled rows, {"text","label"} or {"prompt","completion"}, as a request brings them; not yet checked. */
export type LabelledRows =
  | { readonly kind: 'rows'; readonly rows: readonly object[] }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly format: RowFormat }
  /** Id of an uploaded file. */
  | { readonly kind: 'file'; readonly id: string };

/** Where the evaluation reads uploaded files from. */
export interface RowFiles {
  /** Rejects with `not_found`, also for a file that the caller does not see. */
  readRows(
    id: string,
    caller: Principal,
  ): Promise<{ readonly source: AsyncIterable<Uint8Array>; readonly format: RowFormat }>;
}

/**
 * What a soft prompt is compared with: the same frozen model without one, or (`naive_bayes`) the words of labelled rows
 * without any model.
 */
export type Baseline = 'zero_shot' | 'k_shot' | 'naive_bayes';

export interface EvaluationRequest {
  readonly caller: Principal;
  readonly task: string;
  /** Null: what the task serves with, unless ensembles are named; none when baselines are and nothing serves. */
  readonly versions: readonly number[] | null;
  /** Versions that answer together, several times. */
  readonly ensembles: readonly (readonly number[])[];
  readonly baselines: readonly Baseline[];
  readonly rows: LabelledRows;
  /** Where the examples of `k_shot` are drawn from, and what `naive_bayes` learns from. */
  readonly examples: LabelledRows | null;
  /** Examples of `k_shot`: of each label, or in all when the rows are completions. */
  readonly shots: number;
  /** Decides which examples and which samples of the bootstrap are drawn. */
  readonly seed: number;
  /** Output tokens of a completion; null: the task's default, then that of completions. */
  readonly maxTokens: number | null;
}

/** What a row counts for: right or not, or a part of 1. */
export type Measure = 'accuracy' | 'exact_match' | 'token_f1';

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

/** How often one label was right and chosen. */
export interface ClassScores {
  readonly label: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows with this label. */
  readonly support: number;
  /** Rows for which this label was chosen. */
  readonly predicted: number;
}

export interface ClassificationScores {
  readonly accuracy: number;
  readonly macroF1: number;
  /** Mean of -log softmax over the labels' log-likelihoods at the true label, in nats. */
  readonly crossEntropy: number;
  /** In the order of the evaluation's labels. */
  readonly classes: readonly ClassScores[];
  /** [true label][chosen label], numbers of rows. */
  readonly confusionMatrix: readonly (readonly number[])[];
}

export interface GenerationScores {
  /** Part of the rows whose output is the completion, after normalisation. */
  readonly exactMatch: number;
  /** Mean F1 of the words of output and completion, after normalisation. */
  readonly tokenF1: number;
  /** Negative log-likelihood over all tokens of the completions, divided by their number. */
  readonly lossPerToken: number;
}

/** Rows that do not fit into the context with this contender's input. They count in no score. */
export interface TooLongRows {
  readonly count: number;
  /** The first of them. */
  readonly rows: readonly RowPlace[];
}

/** Where a row stands: both from 1; a CSV file's header has a line but is no row. */
export interface RowPlace {
  readonly row: number;
  readonly line: number;
}

/** What was reached on some rows. */
export interface ReachedScores {
  /** Rows that the scores are over. */
  readonly n: number;
  readonly tooLong: TooLongRows;
  /**
   * Mean over rows of -log p(label or completion | input), in nats; of `naive_bayes` of the label's probability among the
   * labels.
   */
  readonly loss: number;
  readonly scores: ClassificationScores | GenerationScores;
  /** 95 % bootstrap intervals: of the accuracy, or of exact match and then token F1. */
  readonly intervals: readonly MeasureInterval[];
  readonly seconds: number;
}

/** What one version or baseline reached. */
export interface ContenderReport extends ReachedScores {
  /** `task@version`, `task@1+2`, or the baseline's type. */
  readonly name: string;
  readonly type: 'version' | 'ensemble' | Baseline;
  /** Null: several, or none. */
  readonly version: number | null;
  /** Empty: a baseline. */
  readonly versions: readonly number[];
}

export interface MeasureInterval {
  readonly measure: Measure;
  readonly interval: Interval;
}

/** Two means of a measure and how sure it is that they differ. */
export interface MeasureDifference {
  readonly measure: Measure;
  /** How far a mean is above the one that it is compared with. */
  readonly difference: number;
  readonly interval: Interval;
  /** Part of the samples that lie inside the interval. */
  readonly confidence: number;
  /** Two-sided, of the hypothesis that the means are equal; never 0. */
  readonly pValue: number;
  /** Samples drawn. */
  readonly resamples: number;
}

/** A contender against the first one, over the rows that both could score. */
export interface Comparison extends MeasureDifference {
  readonly name: string;
  readonly reference: string;
  readonly rows: number;
}

export interface EvaluationReport {
  readonly task: string;
  readonly kind: 'classification' | 'generation';
  /** Rows of the data. */
  readonly rows: number;
  /** The labels that were ranked, in order; empty for generation. */
  readonly labels: readonly string[];
  readonly contenders: readonly ContenderReport[];
  /** Of each contender but the first, for each measure; none of one that shares no row with the first. */
  readonly comparisons: readonly Comparison[];
  readonly usage: Usage;
}

export interface EvaluationProgress {
  readonly type: 'progress';
  /** The contender at work, or the data set. */
  readonly name: string;
  /** Rows that are done, of all of them together. */
  readonly done: number;
  readonly total: number;
}

export type EvaluationEvent =
  | EvaluationProgress
  | { readonly type: 'report'; readonly report: EvaluationReport };

export interface NamedRows {
  readonly name: string;
  readonly rows: LabelledRows;
}

/** One version on several data sets: what it loses where the inputs are others (Lester et al. 2021, section 5). */
export interface DomainShiftRequest {
  readonly caller: Principal;
  readonly task: string;
  /** Null: the active version, where the task serves with no other. */
  readonly version: number | null;
  /** The first is the reference. */
  readonly dataSets: readonly NamedRows[];
  /** Decides which samples of the bootstrap are drawn. */
  readonly seed: number;
  readonly maxTokens: number | null;
}

export interface DataSetReport extends ReachedScores {
  readonly name: string;
  /** Rows of the data set. */
  readonly rows: number;
  /** Against the first data set, for each measure; empty for the first itself. */
  readonly differences: readonly MeasureDifference[];
}

export interface DomainShiftReport {
  readonly task: string;
  readonly version: number;
  readonly kind: 'classification' | 'generation';
  /** The labels that were ranked, in order, for all data sets alike; empty for generation. */
  readonly labels: readonly string[];
  readonly dataSets: readonly DataSetReport[];
  readonly usage: Usage;
}

export type DomainShiftEvent =
  | EvaluationProgress
  | { readonly type: 'report'; readonly report: DomainShiftReport };

/** Measures prompt versions of a task on labelled rows. */
export interface Evaluator {
  /**
   * Progress, then the report as the last event. Everything that can be checked ahead is checked before the first
   * event; aborting the signal, or leaving the iterable, ends the work.
   */
  evaluate(request: EvaluationRequest, signal: AbortSignal): AsyncGenerator<EvaluationEvent>;
  /** The same for one version on several data sets. */
  domainShift(request: DomainShiftRequest, signal: AbortSignal): AsyncGenerator<DomainShiftEvent>;
}

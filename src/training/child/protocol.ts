import type { SerializedDomainError } from '../../domain/errors.ts';
import type { PeftType } from '../../domain/peft.ts';
import type { JobPlan, JobScore, JobSpec, NewJobEvent } from '../../domain/training.ts';
import type { Device } from '../../engine/devices/device.ts';

/** A stored prompt. */
export interface PromptContent {
  readonly peftType: PeftType;
  /** The safetensors file. */
  readonly file: Uint8Array;
}

/** Where the rows of a task lie. */
export interface TaskFiles {
  readonly trainingPath: string;
  /** Null: there is no validation file. */
  readonly validationPath: string | null;
}

/** All that the child is given; it opens no database. */
export interface Assignment {
  /** validate: read the files and end; train: go on to the last step. */
  readonly mode: 'validate' | 'train';
  readonly spec: JobSpec;
  /** Directory of the bundle to learn on. */
  readonly bundle: string;
  /** Of each task of the specification. */
  readonly files: readonly TaskFiles[];
  /** The prompt that learning starts from; null: the configuration decides, or the checkpoint. */
  readonly initialPrompt: PromptContent | null;
  /** The multitask adapter that learning starts from: a safetensors file; null as above. */
  readonly sourceAdapter: Uint8Array | null;
  /** The newest checkpoint. */
  readonly checkpoint: Uint8Array | null;
  readonly threads: number;
  /** Where the training graph runs. */
  readonly device: Device;
}

export type ToChild =
  | { readonly type: 'start'; readonly assignment: Assignment }
  /** The checkpoint that was sent is durable. */
  | { readonly type: 'stored' }
  /** Store a checkpoint after this step and end. */
  | { readonly type: 'stop' }
  /** Answers `finished`: the version that serves each task now; null: nothing to compare with. */
  | { readonly type: 'compare'; readonly incumbents: readonly (PromptContent | null)[] };

/** How a run ended. */
export interface Ending {
  readonly reason: 'completed' | 'early_stopping' | 'diverged';
  /** Why it diverged. */
  readonly detail: string | null;
  readonly lastStep: number;
  /** Of what is kept. */
  readonly step: number;
  readonly trainedTokens: number;
}

/** What was learned for one task. */
export interface LearnedPrompt {
  /** The safetensors file. */
  readonly prompt: Uint8Array;
  readonly score: JobScore | null;
  readonly labels: readonly string[];
}

export interface Outcome extends Ending {
  /** Of each task; null: it diverged before anything was worth keeping. */
  readonly prompts: readonly LearnedPrompt[] | null;
}

export type FromChild =
  | { readonly type: 'validated'; readonly plan: JobPlan }
  | { readonly type: 'event'; readonly event: NewJobEvent }
  | {
      readonly type: 'checkpoint';
      readonly step: number;
      readonly content: Uint8Array;
      readonly metrics: Readonly<Record<string, number | null>>;
    }
  | { readonly type: 'finished'; readonly outcome: Outcome }
  | { readonly type: 'compared'; readonly scores: readonly (JobScore | null)[] }
  /** After `stop`: the last checkpoint is durable. */
  | { readonly type: 'stopped' }
  /** The device of the assignment gave up, and the process ends; the text says why. */
  | { readonly type: 'device_failed'; readonly message: string }
  | { readonly type: 'failed'; readonly error: SerializedDomainError };

import type { OpenClaim } from './idempotency.ts';
import type { PeftType } from './peft.ts';
import type { Actor, Principal } from './principal.ts';
import type { AdapterFiles } from './prompt.ts';
import type { TrainingStore } from './training-store.ts';

/** A file of labelled rows. Its content is addressed by its hash and never changes. */
export interface TrainingFile {
  /** `file-...` */
  readonly id: string;
  readonly sha256: string;
  readonly filename: string;
  readonly format: 'jsonl' | 'csv';
  readonly kind: 'classification' | 'completion';
  readonly bytes: number;
  readonly rows: number;
  /** Distinct labels in the order of their first rows; empty for completions. */
  readonly labels: readonly string[];
  /** Name of the API key that uploaded it; null: it came without a key. */
  readonly owner: string | null;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export const JOB_STATUSES = [
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const isFinal = (status: JobStatus): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';

export type Auto<T> = T | 'auto';

/** PEFT's methods that a job can learn. */
export const LEARNED_TYPES = ['PROMPT_TUNING', 'PREFIX_TUNING', 'MULTITASK_PROMPT_TUNING'] as const;
export type LearnedType = (typeof LEARNED_TYPES)[number];

/** PEFT's three, and the class labels of Lester et al. 2021. */
export const INITIALISATIONS = ['RANDOM', 'TEXT', 'SAMPLE_VOCAB', 'CLASS_LABELS'] as const;
/** PEFT's, of MULTITASK_PROMPT_TUNING: from the factors of another job's tasks, or from what those share alone. */
export const SOURCE_INITIALISATIONS = [
  'AVERAGE_SOURCE_TASKS',
  'EXACT_SOURCE_TASK',
  'ONLY_SOURCE_SHARED',
] as const;
export type Initialisation = (typeof INITIALISATIONS)[number] | (typeof SOURCE_INITIALISATIONS)[number];
export const OPTIMISERS = ['adamw', 'adafactor', 'sgd'] as const;
export const SCHEDULES = ['constant', 'linear', 'cosine'] as const;
/** tokens: cross-entropy of the label's tokens; choices: cross-entropy over the labels' log-likelihoods. */
export const OBJECTIVES = ['tokens', 'choices'] as const;
/** auto: when at least as good as the active version on the validation rows. */
export const ACTIVATIONS = ['auto', 'always', 'never'] as const;

/** PEFT's configuration of the method, as far as it decides a run; the rest of its fields must agree with the model. */
export interface LearningConfig {
  readonly peft_type: LearnedType;
  readonly num_virtual_tokens: number;
  /**
   * auto: labels if there are any, else SAMPLE_VOCAB. PREFIX_TUNING starts from the keys and values of these rows; its
   * RANDOM draws the keys and values themselves, as PEFT does. With another multitask job to start from, auto is
   * AVERAGE_SOURCE_TASKS.
   */
  readonly prompt_tuning_init: Auto<Initialisation>;
  readonly prompt_tuning_init_text: string | null;
  /** MULTITASK_PROMPT_TUNING only: ranks of the factors, and which source task EXACT_SOURCE_TASK means. */
  readonly num_ranks?: number;
  readonly prompt_tuning_init_task?: number;
}

/** Names are OpenAI's where it has one, else those of transformers' TrainingArguments. */
export interface Hyperparameters {
  readonly n_epochs: Auto<number>;
  readonly batch_size: Auto<number>;
  readonly learning_rate: Auto<number>;
  readonly learning_rate_multiplier: Auto<number>;
  /** Updates; wins over n_epochs. */
  readonly max_steps: Auto<number>;
  readonly optim: Auto<(typeof OPTIMISERS)[number]>;
  readonly lr_scheduler_type: Auto<(typeof SCHEDULES)[number]>;
  readonly warmup_steps: Auto<number>;
  readonly weight_decay: Auto<number>;
  readonly max_grad_norm: Auto<number>;
  /** Longest row of the prompt; auto: no limit. */
  readonly max_row_norm: Auto<number>;
  readonly objective: Auto<(typeof OBJECTIVES)[number]>;
  /** Updates between validations. */
  readonly eval_steps: Auto<number>;
  /** Updates between checkpoints. */
  readonly save_steps: Auto<number>;
  /** Updates between reports. */
  readonly logging_steps: Auto<number>;
  /** Validations without improvement after which the job stops; 0: never. */
  readonly early_stopping_patience: Auto<number>;
  /** Part of the training rows that is held out when there is no validation file; 0: none. */
  readonly validation_split: Auto<number>;
  readonly activate: (typeof ACTIVATIONS)[number];
  /**
   * `task` or `task@version` whose prompt learning starts from, of MULTITASK_PROMPT_TUNING a job of that method; null:
   * prompt_tuning_init decides.
   */
  readonly init_from: string | null;
}

/** A file as a job refers to it: the job outlives the file's row, not its content. */
export type FileReference = Pick<TrainingFile, 'id' | 'sha256' | 'format'>;

/** A task that a job learns a prompt for. */
export interface JobTask {
  readonly task: string;
  readonly trainingFile: FileReference;
  readonly validationFile: FileReference | null;
  /** As the task had it, or gets it. */
  readonly template: string | null;
  /** The task's own labels, which the rows must keep to; null: those of the training file. */
  readonly labels: readonly string[] | null;
}

/** All that decides the result of a job. Its own task is the first; only MULTITASK_PROMPT_TUNING has others. */
export interface JobSpec extends JobTask {
  readonly otherTasks: readonly JobTask[];
  /** Id and hash of the frozen model. */
  readonly model: string;
  readonly modelHash: string;
  readonly seed: number;
  readonly config: LearningConfig;
  readonly hyperparameters: Hyperparameters;
  /** SHA-256 of the prompt file that learning starts from; null: prompt_tuning_init decides. */
  readonly initialPrompt: string | null;
  /** The method of that prompt. */
  readonly initialPromptType: PeftType | null;
  /** The multitask job whose adapter learning starts from. */
  readonly sourceJob: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
}

/** The method as which what is learned is stored: the prompt of one of several tasks stands on its own. */
export const storedType = (learned: LearnedType): PeftType =>
  learned === 'MULTITASK_PROMPT_TUNING' ? 'PROMPT_TUNING' : learned;

/** In the order of their task ids. */
export const jobTasks = (spec: JobSpec): readonly JobTask[] => [spec, ...spec.otherTasks];

/** A row that is left out, because prompt, text and longest label do not fit into the context. */
export interface LeftOutRow {
  readonly row: number;
  readonly line: number;
  readonly tokens: number;
}

/** What validation found, and the values that stand for `auto`. */
export interface JobPlan {
  readonly hyperparameters: Readonly<Record<string, string | number | null>>;
  readonly labels: readonly string[];
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly totalSteps: number;
  readonly leftOut: { readonly count: number; readonly first: readonly LeftOutRow[] };
}

export interface JobError {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
}

/** What was published for a task. */
export interface TaskResult {
  readonly version: number;
  readonly sha256: string;
  readonly active: boolean;
  readonly score: JobScore | null;
  /** The active version's, on the same rows; null: there was none, or nothing to compare on. */
  readonly incumbentScore: JobScore | null;
}

export interface JobResult extends TaskResult {
  /** The step of the prompt that was kept. */
  readonly step: number;
  readonly trainedTokens: number;
  /** Of the other tasks, in their order. */
  readonly others: readonly TaskResult[];
}

export interface JobScore {
  readonly loss: number;
  readonly accuracy: number | null;
}

export interface TrainingJob {
  /** `ftjob-...` */
  readonly id: string;
  readonly status: JobStatus;
  readonly spec: JobSpec;
  readonly plan: JobPlan | null;
  readonly result: JobResult | null;
  /** Why it failed, or why the service paused it. */
  readonly error: JobError | null;
  /** Its result is being published: too late for cancel and pause. */
  readonly publishing: boolean;
  /** Who created it, and is named for what it publishes. */
  readonly actor: Actor;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export interface NewJobEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly type: 'message' | 'metrics';
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  /** Said once in a job: a second event with this key is dropped. null: always said. */
  readonly key: string | null;
}

export interface JobEvent extends Omit<NewJobEvent, 'key'> {
  readonly seq: number;
  readonly createdAt: number;
}

/** A stored state, without its content. */
export interface JobCheckpoint {
  readonly job: string;
  readonly step: number;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly createdAt: number;
}

/** The ids under which clients see them; they end in the cursor of their list. */
export const eventId = (seq: number): string => `ftevent-${seq}`;
export const checkpointId = (job: string, step: number): string =>
  `ftckpt-${job.slice('ftjob-'.length)}-${step}`;

export interface TaskRequest {
  readonly task: string;
  readonly trainingFile: string;
  readonly validationFile: string | null;
}

/** A request for a job, checked for its form only. */
export interface JobRequest extends TaskRequest {
  readonly model: string;
  readonly otherTasks: readonly TaskRequest[];
  /** null: drawn. */
  readonly seed: number | null;
  readonly peftType: LearnedType;
  readonly config: Readonly<Record<string, unknown>>;
  readonly hyperparameters: Partial<Hyperparameters>;
  readonly metadata: Readonly<Record<string, string>> | null;
}

/** A snapshot for /metrics. */
export interface TrainingStats {
  readonly jobs: Readonly<Record<JobStatus, number>>;
  /** Recent mean of the job that trains here; null: none does, or it has not said yet. */
  readonly stepSeconds: number | null;
}

/** Learning prompts, as the HTTP layer sees it. */
export interface Training {
  /** Largest file that {@link addFile} takes. */
  readonly maxFileBytes: number;
  /** Throws `unprocessable` for a file that cannot be learned from; see readDataset. */
  addFile(
    filename: string,
    mediaType: string,
    content: AsyncIterable<Uint8Array>,
    actor: Actor,
    claim?: OpenClaim,
  ): Promise<TrainingFile>;
  /** Finds only the tasks, files and jobs that the caller sees. Throws `not_found`, `unprocessable`; see the parts. */
  create(request: JobRequest, caller: Principal, actor: Actor, claim?: OpenClaim): Promise<TrainingJob>;
  /** Throw `not_found` job_not_found and `conflict` job_state. */
  cancel(id: string, actor: Actor): Promise<TrainingJob>;
  pause(id: string): Promise<TrainingJob>;
  resume(id: string): Promise<TrainingJob>;
  /**
   * The adapter of all tasks that a job of MULTITASK_PROMPT_TUNING learned, as PEFT loads it. Throws `not_found`
   * job_not_found and adapter_not_found.
   */
  adapter(id: string): AdapterFiles;
  /** All events of a job from its first, then those that come, to the end of the job or of the signal. */
  follow(id: string, signal: AbortSignal): AsyncGenerator<JobEvent, void, void>;
  stats(): TrainingStats;
  readonly store: Pick<
    TrainingStore,
    | 'getFile'
    | 'listFiles'
    | 'deleteFile'
    | 'contentPath'
    | 'getJob'
    | 'listJobs'
    | 'listEvents'
    | 'listCheckpoints'
  >;
}

/** Something that generates with the benchmark's weights: the service at one precision, or a peer. */
export interface System {
  /** Short name, as the tables show it. */
  readonly name: string;
  /** Versions and settings, for the table of systems. */
  readonly description: string;
  /** How a soft prompt reaches this system. */
  readonly softPrompts: SoftPromptSupport;
  /** Decodes all rows at once, greedily, each to exactly `outputTokens` tokens. */
  generate(batch: Batch): Promise<BatchTiming>;
  /** Chooses a label for each text. Systems that have no such function leave it out. */
  classify?(request: ClassifyRequest): Promise<ClassifyTiming>;
  /** Largest resident set so far, in bytes; null where the system does not tell. */
  peakRss(): Promise<number | null>;
  close(): Promise<void>;
}

/** `tokens`: the prompt's rows are embeddings of these ids, so ordinary tokens compute the same. */
export type SoftPromptSupport = 'embeddings' | 'tokens';

/** A soft prompt whose rows are the embeddings of `ids` (PEFT's TEXT initialisation). */
export interface BenchPrompt {
  /** Name of the task under which the service holds it. */
  readonly task: string;
  readonly ids: readonly number[];
}

export interface Row {
  /** Null: the base model. */
  readonly prompt: BenchPrompt | null;
  readonly input: readonly number[];
}

export interface Batch {
  readonly rows: readonly Row[];
  readonly outputTokens: number;
}

export interface BatchTiming {
  /** Seconds until every row had its first token. */
  readonly firstToken: number;
  /** Seconds until every row had its last token. */
  readonly total: number;
  /** Output ids of each row. */
  readonly tokens: readonly (readonly number[])[];
}

export interface ClassifyRequest {
  readonly prompt: BenchPrompt;
  readonly texts: readonly string[];
  readonly labels: readonly string[];
}

export interface ClassifyTiming {
  readonly seconds: number;
  readonly labels: readonly string[];
}

import type { ModelInfo } from '../domain/model.ts';
import type { TaskMetadata } from '../domain/task.ts';

/** A prompt whose rows are a text's embeddings (PEFT's TEXT initialisation), without training. */
export interface WrittenExample {
  readonly task: string;
  readonly metadata: TaskMetadata;
  readonly text: string;
}

/** A request that a person can try. */
export interface ExampleRequest {
  readonly path: string;
  readonly body: object;
}

/** What an empty store starts with, for one model; another one would make nothing of these prompts. */
export interface ExampleSet {
  /** A name alone does not tell: whoever imports a model chooses it. */
  readonly model: Pick<ModelInfo, 'id' | 'tokenDim' | 'numLayers'>;
  /** Of the one bundle that the prompts are for, where there is only one. */
  readonly hash?: string;
  /** Below `examples/`, with a folder for each of the learned tasks. */
  readonly folder: string;
  /** Tasks with a prompt that this project's trainer learned. */
  readonly learned: readonly string[];
  readonly written: readonly WrittenExample[];
  /** Shown after the first start; the first asks a learned task. */
  readonly requests: readonly ExampleRequest[];
}

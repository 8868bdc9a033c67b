/** What the package exports: PEFT's prompt-learning configurations and embedding. The service itself is a command. */
export { DomainError } from './domain/errors.ts';
export type { AdapterType } from './domain/peft.ts';
export {
  type ConfigInput,
  CPTConfig,
  MultitaskPromptTuningConfig,
  type OnWarning,
  PrefixTuningConfig,
  PromptEncoderConfig,
  PromptLearningConfig,
  PromptTuningConfig,
  type TaskType,
} from './peft/configs.ts';
export { type AnyPromptConfig, parsePromptConfig } from './peft/parse-config.ts';
export {
  type Embedded,
  PromptEmbedding,
  type PromptEmbeddingOptions,
  type WordEmbeddings,
} from './peft/prompt-embedding.ts';

import { DomainError } from '../domain/errors.ts';
import type { AdapterType } from '../domain/peft.ts';
import { describeJson, type JsonValue } from '../formats/json.ts';

type FieldType =
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'object'
  | 'list of strings'
  | 'list of integers';

/** A field of one of PEFT's configuration classes. */
export interface ConfigField {
  readonly type: FieldType;
  /** PEFT's default. */
  readonly fallback: string | number | boolean | null;
}

type Fields = Readonly<Record<string, ConfigField>>;

const field = (type: FieldType, fallback: ConfigField['fallback'] = null): ConfigField => ({
  type,
  fallback,
});

/** Fields of peft.PromptLearningConfig and its bases. PEFT writes null for what was not set. */
const COMMON: Fields = {
  auto_mapping: field('object'),
  base_model_name_or_path: field('string'),
  inference_mode: field('boolean', false),
  modules_to_save: field('list of strings'),
  num_attention_heads: field('integer'),
  num_layers: field('integer'),
  num_transformer_submodules: field('integer'),
  num_virtual_tokens: field('integer'),
  peft_type: field('string'),
  peft_version: field('string'),
  revision: field('string'),
  task_type: field('string'),
  token_dim: field('integer'),
};

const PROMPT_TUNING: Fields = {
  prompt_tuning_init: field('string', 'RANDOM'),
  prompt_tuning_init_text: field('string'),
  tokenizer_kwargs: field('object'),
  tokenizer_name_or_path: field('string'),
};

/** What the class of each method adds: PromptTuningConfig, PromptEncoderConfig, MultitaskPromptTuningConfig and so on. */
const ADDED: Readonly<Record<AdapterType, Fields>> = {
  PROMPT_TUNING,
  P_TUNING: {
    encoder_dropout: field('number', 0),
    encoder_hidden_size: field('integer'),
    encoder_num_layers: field('integer', 2),
    encoder_reparameterization_type: field('string', 'MLP'),
  },
  PREFIX_TUNING: {
    encoder_hidden_size: field('integer'),
    init_weights: field('string'),
    prefix_projection: field('boolean', false),
  },
  MULTITASK_PROMPT_TUNING: {
    ...PROMPT_TUNING,
    num_ranks: field('integer', 1),
    num_tasks: field('integer', 1),
    prompt_tuning_init_state_dict_path: field('string'),
    prompt_tuning_init_task: field('integer', 0),
  },
  CPT: {
    cpt_mask: field('list of integers'),
    cpt_token_ids: field('list of integers'),
    cpt_tokens_type_mask: field('list of integers'),
    opt_loss_decay_factor: field('number', 1),
    opt_projection_epsilon: field('number', 0.1),
    opt_projection_format_epsilon: field('number', 0.1),
    opt_weighted_loss_type: field('string', 'none'),
    tokenizer_name_or_path: field('string'),
  },
};

/** All fields of a method's configuration class (PEFT 0.21), by name. */
export function configFields(peftType: AdapterType): ReadonlyMap<string, ConfigField> {
  return new Map(Object.entries({ ...COMMON, ...ADDED[peftType] }));
}

/** Sizes that a config can mean seriously; the model's own are compared elsewhere. */
const LARGEST_INTEGER = 2_147_483_647;
/** P-tuning's `encoder_*`, and the number of a task. */
const MAY_BE_ZERO = /^encoder_|^prompt_tuning_init_task$/;

/**
 * Throws `invalid` adapter_config_type or adapter_config_range unless the field may have this value; null and
 * undefined, for what was not set, always pass.
 */
export function checkField(name: string, { type }: ConfigField, value: unknown): void {
  if (value === undefined || value === null) return;
  if (!hasType(type, value)) throw wrongType(name, type, value);
  if (type === 'integer') checkRange(name, value as number);
}

/** A refusal of a field for its type. */
export function wrongType(name: string, type: FieldType, value: unknown): DomainError {
  return new DomainError('invalid', 'adapter_config_type', `${name} must be of type ${type}.`, {
    param: name,
    expected: type,
    given: describeJson(value as JsonValue | undefined),
  });
}

function checkRange(name: string, given: number): void {
  const least = MAY_BE_ZERO.test(name) ? 0 : 1;
  if (given >= least && given <= LARGEST_INTEGER) return;
  const range = `${least} to ${LARGEST_INTEGER}`;
  throw new DomainError('invalid', 'adapter_config_range', `${name} must be ${range}, given ${given}.`, {
    param: name,
    expected: range,
    given,
  });
}

function hasType(type: FieldType, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'object':
      return typeof value === 'object' && !Array.isArray(value);
    case 'list of strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'list of integers':
      return Array.isArray(value) && value.every((item) => Number.isInteger(item));
    default:
      return typeof value === type;
  }
}

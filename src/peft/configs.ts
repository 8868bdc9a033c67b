import { DomainError } from '../domain/errors.ts';
import type { AdapterType } from '../domain/peft.ts';
import { checkField, configFields } from './config-fields.ts';

/** peft.TaskType. */
export type TaskType =
  | 'CAUSAL_LM'
  | 'SEQ_2_SEQ_LM'
  | 'SEQ_CLS'
  | 'TOKEN_CLS'
  | 'QUESTION_ANS'
  | 'FEATURE_EXTRACTION';

/** Told of a field that the class does not have; such a field is dropped, as PEFT does. */
export type OnWarning = (message: string) => void;

/** What a configuration is made of: any of its fields; the others take PEFT's defaults. */
export type ConfigInput<C extends PromptLearningConfig> = {
  readonly [K in Exclude<keyof C, 'toJSON'>]?: C[K] | undefined;
};

/** peft.PromptLearningConfig: what all methods share. Field names and defaults are PEFT's. */
export abstract class PromptLearningConfig {
  declare readonly peft_type: AdapterType;
  declare readonly task_type: TaskType | null;
  declare readonly auto_mapping: Readonly<Record<string, unknown>> | null;
  declare readonly base_model_name_or_path: string | null;
  declare readonly revision: string | null;
  declare readonly peft_version: string | null;
  declare readonly inference_mode: boolean;
  declare readonly modules_to_save: readonly string[] | null;
  /** N: rows of the prompt, for each transformer submodule. */
  declare readonly num_virtual_tokens: number | null;
  /** D: width of the base model's embeddings. */
  declare readonly token_dim: number | null;
  /** 2 in an encoder-decoder model, else 1; null: as the task type says. */
  declare readonly num_transformer_submodules: number | null;
  declare readonly num_attention_heads: number | null;
  declare readonly num_layers: number | null;

  /** Throws `invalid` adapter_config_type or adapter_config_range, naming the field. */
  protected constructor(peftType: AdapterType, input: object, onWarning: OnWarning) {
    const known = configFields(peftType);
    const given = new Map<string, unknown>(Object.entries(input));
    for (const name of given.keys()) {
      if (!known.has(name)) onWarning(`${peftType} has no field ${JSON.stringify(name)}: it was dropped.`);
    }
    for (const [name, field] of known) {
      const value = given.get(name) ?? field.fallback;
      checkField(name, field, value);
      Object.assign(this, { [name]: value });
    }
    Object.assign(this, { peft_type: peftType });
  }

  /** All fields, keys sorted, as PEFT writes adapter_config.json. */
  toJSON(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(Object.entries(this).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

const warn: OnWarning = (message) => process.emitWarning(message);

/** peft.PromptTuningConfig. */
export class PromptTuningConfig extends PromptLearningConfig {
  declare readonly peft_type: 'PROMPT_TUNING';
  declare readonly prompt_tuning_init: 'RANDOM' | 'TEXT' | 'SAMPLE_VOCAB';
  declare readonly prompt_tuning_init_text: string | null;
  declare readonly tokenizer_name_or_path: string | null;
  declare readonly tokenizer_kwargs: Readonly<Record<string, unknown>> | null;

  /** Throws `invalid` for a field of the wrong type, and for fields that contradict each other. */
  constructor(input: ConfigInput<PromptTuningConfig> = {}, onWarning: OnWarning = warn) {
    super('PROMPT_TUNING', input, onWarning);
    checkChoice(this, 'prompt_tuning_init', ['RANDOM', 'TEXT', 'SAMPLE_VOCAB']);
    checkTextInit(this);
  }
}

/** peft.PromptEncoderConfig. */
export class PromptEncoderConfig extends PromptLearningConfig {
  declare readonly peft_type: 'P_TUNING';
  declare readonly encoder_reparameterization_type: 'MLP' | 'LSTM';
  declare readonly encoder_hidden_size: number | null;
  declare readonly encoder_num_layers: number;
  declare readonly encoder_dropout: number;

  constructor(input: ConfigInput<PromptEncoderConfig> = {}, onWarning: OnWarning = warn) {
    super('P_TUNING', input, onWarning);
    checkChoice(this, 'encoder_reparameterization_type', ['MLP', 'LSTM']);
  }
}

/** peft.PrefixTuningConfig. Of a model with grouped-query attention its sizes are those of the key/value heads. */
export class PrefixTuningConfig extends PromptLearningConfig {
  declare readonly peft_type: 'PREFIX_TUNING';
  declare readonly init_weights: 'zero' | null;
  declare readonly encoder_hidden_size: number | null;
  declare readonly prefix_projection: boolean;

  constructor(input: ConfigInput<PrefixTuningConfig> = {}, onWarning: OnWarning = warn) {
    super('PREFIX_TUNING', input, onWarning);
    checkChoice(this, 'init_weights', ['zero', null]);
  }
}

/** peft.MultitaskPromptTuningConfig. */
export class MultitaskPromptTuningConfig extends PromptLearningConfig {
  declare readonly peft_type: 'MULTITASK_PROMPT_TUNING';
  declare readonly prompt_tuning_init:
    | 'RANDOM'
    | 'TEXT'
    | 'AVERAGE_SOURCE_TASKS'
    | 'EXACT_SOURCE_TASK'
    | 'ONLY_SOURCE_SHARED';
  declare readonly prompt_tuning_init_text: string | null;
  declare readonly tokenizer_name_or_path: string | null;
  declare readonly tokenizer_kwargs: Readonly<Record<string, unknown>> | null;
  declare readonly prompt_tuning_init_state_dict_path: string | null;
  declare readonly prompt_tuning_init_task: number;
  declare readonly num_ranks: number;
  declare readonly num_tasks: number;

  constructor(input: ConfigInput<MultitaskPromptTuningConfig> = {}, onWarning: OnWarning = warn) {
    super('MULTITASK_PROMPT_TUNING', input, onWarning);
    const fromSource = ['AVERAGE_SOURCE_TASKS', 'EXACT_SOURCE_TASK', 'ONLY_SOURCE_SHARED'];
    checkChoice(this, 'prompt_tuning_init', ['RANDOM', 'TEXT', ...fromSource]);
    checkTextInit(this);
    if (fromSource.includes(this.prompt_tuning_init) && this.prompt_tuning_init_state_dict_path === null) {
      const advice = 'name the file with the source prompt';
      throw contradiction('prompt_tuning_init_state_dict_path', this.prompt_tuning_init, advice);
    }
  }
}

/** peft.CPTConfig. */
export class CPTConfig extends PromptLearningConfig {
  declare readonly peft_type: 'CPT';
  declare readonly cpt_token_ids: readonly number[];
  declare readonly cpt_mask: readonly number[];
  declare readonly cpt_tokens_type_mask: readonly number[];
  declare readonly opt_weighted_loss_type: 'none' | 'decay';
  declare readonly opt_loss_decay_factor: number;
  declare readonly opt_projection_epsilon: number;
  declare readonly opt_projection_format_epsilon: number;
  declare readonly tokenizer_name_or_path: string | null;

  constructor(input: ConfigInput<CPTConfig> = {}, onWarning: OnWarning = warn) {
    // Its length is needed before the other fields are known to be of their types.
    checkField('cpt_token_ids', configFields('CPT').get('cpt_token_ids')!, input.cpt_token_ids);
    const ids = input.cpt_token_ids ?? [0];
    const ones = ids.map(() => 1);
    const sizes = { num_virtual_tokens: ids.length, num_transformer_submodules: 1 };
    const lists = {
      cpt_token_ids: ids,
      cpt_mask: input.cpt_mask ?? ones,
      cpt_tokens_type_mask: input.cpt_tokens_type_mask ?? ones,
    };
    super('CPT', { ...input, ...sizes, ...lists }, onWarning);
    checkChoice(this, 'task_type', ['CAUSAL_LM']);
    checkChoice(this, 'opt_weighted_loss_type', ['none', 'decay']);
    for (const name of ['cpt_mask', 'cpt_tokens_type_mask'] as const) {
      if (this[name].length === ids.length) continue;
      throw new DomainError(
        'invalid',
        'cpt_lengths_differ',
        `${name} needs one entry a token of cpt_token_ids.`,
        {
          param: name,
          expected: ids.length,
          given: this[name].length,
        },
      );
    }
  }
}

function checkChoice(config: PromptLearningConfig, name: string, allowed: readonly (string | null)[]): void {
  const given = config.toJSON()[name] as string | null;
  if (allowed.includes(given)) return;
  const message = `${name} must be ${allowed.join(' or ')}, given ${given}.`;
  throw new DomainError('invalid', 'adapter_config_choice', message, {
    param: name,
    expected: allowed,
    given,
  });
}

/** TEXT needs a text and its tokenizer; the tokenizer's options mean nothing without it. */
function checkTextInit(config: PromptTuningConfig | MultitaskPromptTuningConfig): void {
  if (config.prompt_tuning_init !== 'TEXT') {
    if (Object.keys(config.tokenizer_kwargs ?? {}).length === 0) return;
    const advice = 'leave it out, or set prompt_tuning_init to TEXT';
    throw contradiction('tokenizer_kwargs', config.prompt_tuning_init, advice);
  }
  if (!config.tokenizer_name_or_path) {
    throw contradiction('tokenizer_name_or_path', 'TEXT', 'name the tokenizer of the base model');
  }
  if (config.prompt_tuning_init_text === null) {
    throw contradiction(
      'prompt_tuning_init_text',
      'TEXT',
      'give the text whose embeddings the prompt starts from',
    );
  }
}

function contradiction(param: string, init: string, advice: string): DomainError {
  const message = `With prompt_tuning_init ${init}, ${param} does not fit: ${advice}.`;
  return new DomainError('invalid', 'adapter_config_contradiction', message, { param });
}

import { Type } from 'typebox';
import { INITIALISATIONS, SOURCE_INITIALISATIONS } from '../../domain/training.ts';
import { component } from '../openapi/component.ts';
import { MAX_COUNT } from './bounds.ts';

const Text = (maxLength: number) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength }));
const Size = Type.Optional(
  Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 1, maximum: MAX_COUNT }),
);

/** The fields of peft.PromptLearningConfig. What repeats the model's sizes must agree with them. */
const COMMON = {
  task_type: Type.Optional(Type.Enum(['CAUSAL_LM', 'SEQ_2_SEQ_LM'], component('LearnedTaskType'))),
  auto_mapping: Type.Optional(Type.Null()),
  base_model_name_or_path: Text(1024),
  revision: Text(1024),
  inference_mode: Type.Optional(Type.Boolean()),
  peft_version: Text(80),
  num_virtual_tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_COUNT, default: 20 })),
  token_dim: Size,
  num_transformer_submodules: Size,
  num_attention_heads: Size,
  num_layers: Size,
  modules_to_save: Type.Optional(Type.Null()),
} as const;

const init = (description: string) => Type.Optional(Type.Enum([...INITIALISATIONS], { description }));

/** The fields of peft.PromptTuningConfig. */
export const PromptTuningConfigSchema = Type.Object(
  {
    peft_type: Type.Optional(Type.Enum(['PROMPT_TUNING'])),
    ...COMMON,
    prompt_tuning_init: init(
      "PEFT's three, and the class labels; left out: the labels if there are any, else SAMPLE_VOCAB.",
    ),
    prompt_tuning_init_text: Text(65_536),
    tokenizer_name_or_path: Text(1024),
    tokenizer_kwargs: Type.Optional(Type.Null()),
  },
  { additionalProperties: false, ...component('PromptTuningConfig') },
);

/** The fields of peft.PrefixTuningConfig, and those of PromptTuningConfig that say where learning starts. */
export const PrefixTuningConfigSchema = Type.Object(
  {
    peft_type: Type.Optional(Type.Enum(['PREFIX_TUNING'])),
    ...COMMON,
    encoder_hidden_size: Size,
    prefix_projection: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'true is refused: keys and values are learned as they are.',
      }),
    ),
    init_weights: Type.Optional(Type.Null()),
    prompt_tuning_init: init(
      'RANDOM: keys and values drawn as PEFT does. Others: the keys and values that the model computes of ' +
        "prompt_tuning's first rows; left out: as there.",
    ),
    prompt_tuning_init_text: Text(65_536),
  },
  { additionalProperties: false, ...component('PrefixTuningConfig') },
);

/** The fields of peft.MultitaskPromptTuningConfig; the source of a transfer is a job, `init_from`, never a path. */
export const MultitaskConfigSchema = Type.Object(
  {
    peft_type: Type.Optional(Type.Enum(['MULTITASK_PROMPT_TUNING'])),
    ...COMMON,
    num_ranks: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_COUNT, description: 'Ranks of the factors; left out: 1.' }),
    ),
    num_tasks: Size,
    prompt_tuning_init: Type.Optional(
      Type.Enum([...INITIALISATIONS, ...SOURCE_INITIALISATIONS], {
        description:
          'Of the shared rows, as for prompt_tuning; with init_from one of the last three, left out: AVERAGE_SOURCE_TASKS.',
      }),
    ),
    prompt_tuning_init_text: Text(65_536),
    prompt_tuning_init_task: Type.Optional(
      Type.Integer({ minimum: 0, maximum: MAX_COUNT, description: 'The task of EXACT_SOURCE_TASK.' }),
    ),
    prompt_tuning_init_state_dict_path: Type.Optional(Type.Null()),
    tokenizer_name_or_path: Text(1024),
    tokenizer_kwargs: Type.Optional(Type.Null()),
  },
  { additionalProperties: false, ...component('MultitaskPromptTuningConfig') },
);

import { type TSchema, Type } from 'typebox';
import { ACTIVATIONS, OBJECTIVES, OPTIMISERS, SCHEDULES } from '../../domain/training.ts';
import { component } from '../openapi/component.ts';
import { MAX_COUNT } from './bounds.ts';

/** A value, or "auto" for the default that suits files and model. */
const auto = <T extends TSchema>(schema: T, what: string, description: string) =>
  Type.Optional(Type.Union([Type.Literal('auto'), schema], { title: `"auto" or ${what}`, description }));

const count = (minimum: number, description: string) =>
  auto(Type.Integer({ minimum, maximum: MAX_COUNT }), `an integer from ${minimum}`, description);

const positive = (description: string) =>
  auto(Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }), 'a number above 0', description);

const choice = <const V extends string>(values: readonly V[], description: string) =>
  auto(Type.Enum([...values]), `one of ${values.join(', ')}`, description);

/** OpenAI's names where it has one, else those of transformers' TrainingArguments. */
export const HyperparametersSchema = Type.Object(
  {
    n_epochs: count(1, 'Passes over the rows; auto: about 400 updates.'),
    batch_size: auto(
      Type.Integer({ minimum: 1, maximum: 1024 }),
      'an integer from 1 to 1024',
      'Rows of an update; auto: 16.',
    ),
    learning_rate: positive(
      'Highest rate; auto: by the method, for prompt_tuning by the size of the model’s embeddings.',
    ),
    learning_rate_multiplier: positive('Factor of the rate; auto: 1.'),
    max_steps: count(1, 'Updates; wins over n_epochs.'),
    optim: choice(OPTIMISERS, 'Optimiser; auto: adamw.'),
    lr_scheduler_type: choice(SCHEDULES, 'Schedule after the warm-up; auto: linear.'),
    warmup_steps: count(0, 'Updates over which the rate rises; auto: a twentieth.'),
    weight_decay: auto(
      Type.Number({ minimum: 0, maximum: 1 }),
      'a number from 0 to 1',
      "auto: the optimiser's default.",
    ),
    max_grad_norm: positive('Longest gradient; auto: 1.'),
    max_row_norm: positive('Longest row of the prompt; auto: no limit.'),
    objective: choice(
      OBJECTIVES,
      "Cross-entropy of the label's tokens, or over all labels; auto: choices where there are labels.",
    ),
    eval_steps: count(1, 'Updates between validations; auto: a tenth.'),
    save_steps: count(1, 'Updates between checkpoints; auto: a twentieth.'),
    logging_steps: count(1, 'Updates between reports; auto: at most 1000 reports.'),
    early_stopping_patience: count(
      0,
      'Validations without improvement after which the job stops; 0: never; auto: 4.',
    ),
    validation_split: auto(
      Type.Number({ minimum: 0, maximum: 0.9 }),
      'a number from 0 to 0.9',
      'Part of the rows held out where there is no validation file; auto: a tenth from 40 rows on.',
    ),
    activate: Type.Optional(
      Type.Enum([...ACTIVATIONS], {
        default: 'auto',
        description: 'auto: if at least as good as the active version on the validation rows.',
      }),
    ),
    init_from: Type.Optional(
      Type.String({
        maxLength: 80,
        description:
          '`task` or `task@version` whose prompt learning starts from (transfer); for multitask_prompt_tuning the id of a job.',
      }),
    ),
  },
  { additionalProperties: false, ...component('Hyperparameters') },
);

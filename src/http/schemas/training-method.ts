import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import { TASK_NAME_PATTERN } from '../../domain/task.ts';
import type { Hyperparameters, JobRequest, JobSpec, LearnedType } from '../../domain/training.ts';
import { component } from '../openapi/component.ts';
import { FileId, nullable, optional } from './common.ts';
import { HyperparametersSchema } from './hyperparameters.ts';
import {
  MultitaskConfigSchema,
  PrefixTuningConfigSchema,
  PromptTuningConfigSchema,
} from './learning-config.ts';

/** PEFT's name of each method of a job. */
const METHODS = {
  prompt_tuning: 'PROMPT_TUNING',
  prefix_tuning: 'PREFIX_TUNING',
  multitask_prompt_tuning: 'MULTITASK_PROMPT_TUNING',
} as const satisfies Readonly<Record<string, LearnedType>>;
type MethodType = keyof typeof METHODS;
const METHOD_TYPES = Object.keys(METHODS) as MethodType[];
const MethodTypeSchema = Type.Enum(METHOD_TYPES, component('FineTuningMethodType'));

/** With more, the factors of all tasks are larger than what they share. */
const MAX_OTHER_TASKS = 63;

const OtherTask = Type.Object(
  {
    suffix: Type.String({ pattern: TASK_NAME_PATTERN, description: 'The task that gets a new version.' }),
    training_file: FileId,
    validation_file: optional(FileId),
  },
  { additionalProperties: false, ...component('OtherTask') },
);

/** As OpenAI has it: the type, and what belongs to it under the type's name. */
export const MethodSchema = Type.Object(
  {
    type: MethodTypeSchema,
    prompt_tuning: Type.Optional(
      Type.Object(
        {
          config: Type.Optional(PromptTuningConfigSchema),
          hyperparameters: Type.Optional(HyperparametersSchema),
        },
        { additionalProperties: false, ...component('PromptTuningMethod') },
      ),
    ),
    prefix_tuning: Type.Optional(
      Type.Object(
        {
          config: Type.Optional(PrefixTuningConfigSchema),
          hyperparameters: Type.Optional(HyperparametersSchema),
        },
        { additionalProperties: false, ...component('PrefixTuningMethod') },
      ),
    ),
    multitask_prompt_tuning: Type.Optional(
      Type.Object(
        {
          config: Type.Optional(MultitaskConfigSchema),
          hyperparameters: Type.Optional(HyperparametersSchema),
          other_tasks: Type.Optional(
            Type.Array(OtherTask, {
              maxItems: MAX_OTHER_TASKS,
              description:
                "Tasks that share the prompt with the job's own, which is task 0; in the order of their ids.",
            }),
          ),
        },
        { additionalProperties: false, ...component('MultitaskPromptTuningMethod') },
      ),
    ),
  },
  { additionalProperties: false, ...component('FineTuningMethodRequest') },
);

export const SettingsSchema = Type.Record(Type.String(), Type.Unsafe<string | number | null>({}), {
  ...component('Settings'),
  description: 'Settings under the names that the request gives them.',
});
const Shown = Type.Optional(
  Type.Object({ config: SettingsSchema, hyperparameters: SettingsSchema }, component('LearnedMethod')),
);
const ShownTask = Type.Object(
  {
    suffix: Type.String(),
    training_file: Type.String(),
    validation_file: nullable(Type.String()),
  },
  component('FineTuningTask'),
);

export const ShownMethodSchema = Type.Object(
  {
    type: MethodTypeSchema,
    prompt_tuning: Shown,
    prefix_tuning: Shown,
    multitask_prompt_tuning: Type.Optional(
      Type.Object(
        {
          config: SettingsSchema,
          hyperparameters: SettingsSchema,
          other_tasks: Type.Array(ShownTask),
        },
        component('LearnedMultitaskMethod'),
      ),
    ),
  },
  component('FineTuningMethod'),
);

/** Throws `invalid` method_conflict when there are settings of a method that is not the job's. */
export function methodRequest(
  method: Static<typeof MethodSchema> = { type: 'prompt_tuning' },
): Pick<JobRequest, 'peftType' | 'config' | 'hyperparameters' | 'otherTasks'> {
  const { type, ...settings } = method;
  const other = METHOD_TYPES.find((name) => name !== type && settings[name] !== undefined);
  if (other !== undefined) {
    const message = `The method is ${type}, but there are settings of ${other}.`;
    const details = { param: `method.${other}`, expected: `method.${type}`, given: `method.${other}` };
    throw new DomainError('invalid', 'method_conflict', message, details);
  }
  const { config = {}, hyperparameters = {} } = settings[type] ?? {};
  const others = settings.multitask_prompt_tuning?.other_tasks ?? [];
  return {
    peftType: METHODS[type],
    config,
    otherTasks: others.map((other) => ({
      task: other.suffix,
      trainingFile: other.training_file,
      validationFile: other.validation_file ?? null,
    })),
    hyperparameters: hyperparameters as Partial<Hyperparameters>,
  };
}

/** The method of a job as it was asked for. */
export function methodBody({
  config,
  hyperparameters,
  otherTasks,
}: JobSpec): Static<typeof ShownMethodSchema> {
  const type = METHOD_TYPES.find((name) => METHODS[name] === config.peft_type)!;
  const settings = { config: { ...config }, hyperparameters: { ...hyperparameters } };
  if (type !== 'multitask_prompt_tuning') return { type, [type]: settings };
  const other_tasks = otherTasks.map(({ task, trainingFile, validationFile }) => ({
    suffix: task,
    training_file: trainingFile.id,
    validation_file: validationFile?.id ?? null,
  }));
  return { type, multitask_prompt_tuning: { ...settings, other_tasks } };
}

import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { Hyperparameters, JobRequest, JobSpec, LearnedType } from '../../domain/training.ts';
import { HyperparametersSchema } from './hyperparameters.ts';
import { PrefixTuningConfigSchema, PromptTuningConfigSchema } from './learning-config.ts';

/** PEFT's name of each method of a job. */
const METHODS = {
  prompt_tuning: 'PROMPT_TUNING',
  prefix_tuning: 'PREFIX_TUNING',
} as const satisfies Readonly<Record<string, LearnedType>>;
type MethodType = keyof typeof METHODS;
const METHOD_TYPES = Object.keys(METHODS) as MethodType[];

/** As OpenAI has it: the type, and what belongs to it under the type's name. */
export const MethodSchema = Type.Object(
  {
    type: Type.Enum(METHOD_TYPES),
    prompt_tuning: Type.Optional(
      Type.Object(
        {
          config: Type.Optional(PromptTuningConfigSchema),
          hyperparameters: Type.Optional(HyperparametersSchema),
        },
        { additionalProperties: false },
      ),
    ),
    prefix_tuning: Type.Optional(
      Type.Object(
        {
          config: Type.Optional(PrefixTuningConfigSchema),
          hyperparameters: Type.Optional(HyperparametersSchema),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export const SettingsSchema = Type.Record(Type.String(), Type.Unsafe<string | number | null>({}));
const Shown = Type.Optional(Type.Object({ config: SettingsSchema, hyperparameters: SettingsSchema }));

export const ShownMethodSchema = Type.Object({
  type: Type.Enum(METHOD_TYPES),
  prompt_tuning: Shown,
  prefix_tuning: Shown,
});

/** Throws `invalid` method_conflict when there are settings of a method that is not the job's. */
export function methodRequest(
  method: Static<typeof MethodSchema> = { type: 'prompt_tuning' },
): Pick<JobRequest, 'peftType' | 'config' | 'hyperparameters'> {
  const { type, ...settings } = method;
  const other = METHOD_TYPES.find((name) => name !== type && settings[name] !== undefined);
  if (other !== undefined) {
    const message = `The method is ${type}, but there are settings of ${other}.`;
    const details = { param: `method.${other}`, expected: `method.${type}`, given: `method.${other}` };
    throw new DomainError('invalid', 'method_conflict', message, details);
  }
  const { config = {}, hyperparameters = {} } = settings[type] ?? {};
  return {
    peftType: METHODS[type],
    config,
    hyperparameters: hyperparameters as Partial<Hyperparameters>,
  };
}

/** The method of a job as it was asked for. */
export function methodBody({ config, hyperparameters }: JobSpec): Static<typeof ShownMethodSchema> {
  const type = METHOD_TYPES.find((name) => METHODS[name] === config.peft_type)!;
  return { type, [type]: { config: { ...config }, hyperparameters: { ...hyperparameters } } };
}

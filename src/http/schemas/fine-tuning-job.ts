import { type Static, Type } from 'typebox';
import { TASK_NAME_PATTERN } from '../../domain/task.ts';
import { JOB_STATUSES, type JobRequest, type TrainingJob } from '../../domain/training.ts';
import { component } from '../openapi/component.ts';
import { FileId, nullable, optional, unixSeconds } from './common.ts';
import {
  MethodSchema,
  methodBody,
  methodRequest,
  SettingsSchema,
  ShownMethodSchema,
} from './training-method.ts';

export const JobParams = Type.Object({
  job: Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$', description: 'Id of the job.' }),
});

const Metadata = Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 512 }), {
  maxProperties: 16,
  ...component('Metadata'),
});

export const JobBody = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 128, description: 'Id of the base model.' }),
    training_file: FileId,
    validation_file: optional(FileId),
    suffix: Type.String({ pattern: TASK_NAME_PATTERN, description: 'The task that gets the new version.' }),
    seed: optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
    method: Type.Optional(MethodSchema),
    metadata: Type.Optional(Metadata),
  },
  {
    ...component('FineTuningJobRequest'),
    additionalProperties: false,
    examples: [
      {
        model: 'smollm2-135m-instruct',
        training_file: 'file-0b5f8f6c1c1d4a2e9f3a7b60',
        suffix: 'sentiment',
        method: {
          type: 'prompt_tuning',
          prompt_tuning: {
            config: { num_virtual_tokens: 20 },
            hyperparameters: { n_epochs: 4, learning_rate: 'auto' },
          },
        },
      },
    ],
  },
);

const Scores = Type.Object(
  {
    loss: Type.Number({ description: 'On the validation rows, in nats.' }),
    accuracy: nullable(Type.Number()),
  },
  component('ValidationScore'),
);
const ScoreSchema = Type.Unsafe<Static<typeof Scores> | null>({ ...Scores, type: ['object', 'null'] });
const OtherResult = Type.Object(
  {
    suffix: Type.String(),
    fine_tuned_model: Type.String(),
    active: Type.Boolean(),
    score: ScoreSchema,
    incumbent_score: ScoreSchema,
  },
  component('FineTuningTaskResult'),
);

export const JobSchema = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('fine_tuning.job'),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    started_at: nullable(Type.Integer()),
    finished_at: nullable(Type.Integer()),
    status: Type.Enum([...JOB_STATUSES], component('FineTuningJobStatus')),
    model: Type.String(),
    suffix: Type.String({ description: 'The task.' }),
    fine_tuned_model: nullable(Type.String({ description: '`task@version` of the result.' })),
    active: nullable(Type.Boolean({ description: 'Whether the result served when it was published.' })),
    organization_id: Type.String(),
    result_files: Type.Array(Type.String()),
    seed: Type.Integer(),
    training_file: Type.String(),
    validation_file: nullable(Type.String()),
    hyperparameters: SettingsSchema,
    method: ShownMethodSchema,
    trained_tokens: nullable(Type.Integer({ description: 'Tokens of the rows of all updates.' })),
    score: ScoreSchema,
    incumbent_score: ScoreSchema,
    other_results: Type.Array(OtherResult, { description: 'Of the other tasks, in their order.' }),
    error: Type.Unsafe<{ code: string; message: string; param: string | null } | null>({
      type: ['object', 'null'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        param: { type: ['string', 'null'] },
      },
      required: ['code', 'message', 'param'],
      ...component('FineTuningJobError'),
    }),
    metadata: Type.Unsafe<Record<string, string> | null>({
      ...Metadata,
      type: ['object', 'null'],
    }),
  },
  { ...component('FineTuningJob'), description: 'Learning a prompt for a task from labelled rows.' },
);

export function jobRequest(body: Static<typeof JobBody>): JobRequest {
  return {
    model: body.model,
    trainingFile: body.training_file,
    validationFile: body.validation_file ?? null,
    task: body.suffix,
    seed: body.seed ?? null,
    ...methodRequest(body.method),
    metadata: body.metadata ?? null,
  };
}

export function jobBody({ spec, plan, result, error, ...job }: TrainingJob): Static<typeof JobSchema> {
  // With the values that stand for "auto", once they are known.
  const hyperparameters = { ...spec.hyperparameters, ...plan?.hyperparameters };
  return {
    id: job.id,
    object: 'fine_tuning.job',
    created_at: unixSeconds(job.createdAt),
    started_at: job.startedAt && unixSeconds(job.startedAt),
    finished_at: job.finishedAt && unixSeconds(job.finishedAt),
    status: job.status,
    model: spec.model,
    suffix: spec.task,
    fine_tuned_model: result && `${spec.task}@${result.version}`,
    active: result?.active ?? null,
    organization_id: 'softprompt',
    result_files: [],
    seed: spec.seed,
    training_file: spec.trainingFile.id,
    validation_file: spec.validationFile?.id ?? null,
    hyperparameters,
    method: methodBody(spec),
    trained_tokens: result?.trainedTokens ?? null,
    score: result?.score ?? null,
    incumbent_score: result?.incumbentScore ?? null,
    other_results: (result?.others ?? []).map(({ version, active, score, incumbentScore }, index) => {
      const { task: suffix } = spec.otherTasks[index]!;
      return {
        suffix,
        fine_tuned_model: `${suffix}@${version}`,
        active,
        score,
        incumbent_score: incumbentScore,
      };
    }),
    error: error && { ...error },
    metadata: spec.metadata && { ...spec.metadata },
  };
}

export const EXAMPLE_JOB: Static<typeof JobSchema> = {
  id: 'ftjob-5e2f0c7a9b1d4c3e8f6a2b10',
  object: 'fine_tuning.job',
  created_at: 1767225600,
  started_at: 1767225602,
  finished_at: null,
  status: 'running',
  model: 'smollm2-135m-instruct',
  suffix: 'sentiment',
  fine_tuned_model: null,
  active: null,
  organization_id: 'softprompt',
  result_files: [],
  seed: 7,
  training_file: 'file-0b5f8f6c1c1d4a2e9f3a7b60',
  validation_file: null,
  hyperparameters: { n_epochs: 4, batch_size: 16, learning_rate: 0.006 },
  method: {
    type: 'prompt_tuning',
    prompt_tuning: {
      config: { num_virtual_tokens: 20 },
      hyperparameters: { n_epochs: 4, learning_rate: 'auto' },
    },
  },
  trained_tokens: null,
  score: null,
  incumbent_score: null,
  other_results: [],
  error: null,
  metadata: null,
};

import { type Static, Type } from 'typebox';
import {
  checkpointId,
  eventId,
  type JobCheckpoint,
  type JobEvent,
  type TrainingJob,
} from '../../domain/training.ts';
import { component } from '../openapi/component.ts';
import { unixSeconds } from './common.ts';

export const EventSchema = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('fine_tuning.job.event'),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    level: Type.Enum(['info', 'warn', 'error']),
    type: Type.Enum(['message', 'metrics']),
    message: Type.String(),
    data: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'Numbers of a step or a validation; details of a message.',
    }),
  },
  { ...component('FineTuningJobEvent'), description: 'What a job reported.' },
);

export const eventBody = (event: JobEvent): Static<typeof EventSchema> => ({
  id: eventId(event.seq),
  object: 'fine_tuning.job.event',
  created_at: unixSeconds(event.createdAt),
  level: event.level,
  type: event.type,
  message: event.message,
  data: { ...event.data },
});

export const EXAMPLE_EVENT: Static<typeof EventSchema> = {
  id: 'ftevent-42',
  object: 'fine_tuning.job.event',
  created_at: 1767225630,
  level: 'info',
  type: 'metrics',
  message: 'Step 30/400: training loss=0.4127',
  data: { step: 30, total_steps: 400, train_loss: 0.4127, learning_rate: 0.006, tokens_per_second: 480 },
};

export const CheckpointSchema = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('fine_tuning.job.checkpoint'),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    fine_tuning_job_id: Type.String(),
    fine_tuned_model_checkpoint: Type.String({
      description: 'The task; a checkpoint itself does not serve.',
    }),
    step_number: Type.Integer(),
    metrics: Type.Record(Type.String(), Type.Number()),
  },
  { ...component('FineTuningJobCheckpoint'), description: 'A state from which a job goes on.' },
);

export function checkpointBody(
  { job, step, metrics, createdAt }: JobCheckpoint,
  { spec }: TrainingJob,
): Static<typeof CheckpointSchema> {
  const known = Object.entries(metrics).filter((entry): entry is [string, number] => entry[1] !== null);
  return {
    id: checkpointId(job, step),
    object: 'fine_tuning.job.checkpoint',
    created_at: unixSeconds(createdAt),
    fine_tuning_job_id: job,
    fine_tuned_model_checkpoint: spec.task,
    step_number: step,
    metrics: { step, ...Object.fromEntries(known) },
  };
}

export const EXAMPLE_CHECKPOINT: Static<typeof CheckpointSchema> = {
  id: 'ftckpt-5e2f0c7a9b1d4c3e8f6a2b10-40',
  object: 'fine_tuning.job.checkpoint',
  created_at: 1767225640,
  fine_tuning_job_id: 'ftjob-5e2f0c7a9b1d4c3e8f6a2b10',
  fine_tuned_model_checkpoint: 'sentiment',
  step_number: 40,
  metrics: { step: 40, train_loss: 0.3921, full_valid_loss: 0.4012, full_valid_accuracy: 0.85 },
};

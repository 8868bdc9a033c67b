import type { Answer } from './harness.ts';

export const JOB = {
  id: 'ftjob-1',
  object: 'fine_tuning.job',
  status: 'queued',
  suffix: 'mood',
  created_at: 1767225600,
  started_at: null,
  finished_at: null,
  fine_tuned_model: null,
  active: null,
  seed: 7,
  trained_tokens: null,
  score: null,
  incumbent_score: null,
  other_results: [],
  error: null,
};

export const SUCCEEDED = {
  ...JOB,
  status: 'succeeded',
  started_at: 1767225602,
  finished_at: 1767225727,
  fine_tuned_model: 'mood@3',
  active: true,
  trained_tokens: 780,
  score: { loss: 0.25, accuracy: 0.85 },
  incumbent_score: { loss: 0.5, accuracy: 0.8 },
};

export const JOB_PATH = 'GET /v1/fine_tuning/jobs/ftjob-1';
export const EVENTS_PATH = `${JOB_PATH}/events?stream=true`;

export const say = (text: string, level = 'info', data: object = {}) => ({
  level,
  type: 'message',
  message: text,
  data,
});

export const step = (number: number, loss: number) => ({
  level: 'info',
  type: 'metrics',
  message: `Step ${number}`,
  data: { step: number, total_steps: 10, train_loss: loss, seconds_left: (10 - number) * 12.5 },
});

export const validated = (number: number, loss: number, accuracy?: number) => ({
  level: 'info',
  type: 'metrics',
  message: `Validated ${number}`,
  data: {
    step: number,
    total_steps: 10,
    full_valid_loss: loss,
    ...(accuracy !== undefined && { full_valid_accuracy: accuracy }),
  },
});

/** A stream of events with the ids that the server gives them; without [DONE] it breaks off. */
export function eventStream(events: readonly object[], end: 'done' | 'broken' = 'done'): Answer {
  const values = events.map((event, i) => JSON.stringify({ id: `ftevent-${i + 1}`, ...event }));
  const lines = end === 'done' ? [...values, '[DONE]'] : values;
  return { bytes: Buffer.from(lines.map((line) => `data: ${line}\n\n`).join('')) };
}

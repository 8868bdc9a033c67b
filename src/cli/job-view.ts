import { fields } from './output.ts';

/** A fine-tuning job as the server shows it. */
export interface JobView {
  readonly id: string;
  readonly status: string;
  readonly suffix: string;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly fine_tuned_model: string | null;
  readonly active: boolean | null;
  readonly seed: number;
  readonly trained_tokens: number | null;
  readonly score: ScoreView | null;
  readonly incumbent_score: ScoreView | null;
  /** Of the other tasks that the job learned a prompt for. */
  readonly other_results: readonly {
    readonly fine_tuned_model: string;
    readonly active: boolean;
    readonly score: ScoreView | null;
  }[];
  readonly error: { readonly code: string; readonly message: string; readonly param: string | null } | null;
}

export interface ScoreView {
  readonly loss: number;
  readonly accuracy: number | null;
}

/** `/v1/fine_tuning/jobs/{id}` with more path segments. */
export const jobPath = (id: string, ...segments: readonly string[]): string =>
  ['/v1/fine_tuning/jobs', encodeURIComponent(id), ...segments].join('/');

export function describeJob(job: JobView): string {
  const { started_at: started, finished_at: finished } = job;
  return fields({
    job: job.id,
    task: job.suffix,
    status: job.status,
    result: job.fine_tuned_model,
    active: job.active === null ? null : job.active ? 'yes' : 'no',
    score: describeScore(job.score),
    'active version before': describeScore(job.incumbent_score),
    ...Object.fromEntries(
      job.other_results.map(({ fine_tuned_model, active, score }) => [
        `also ${fine_tuned_model}`,
        [active ? 'active' : 'not active', describeScore(score)].filter((part) => part !== null).join(', '),
      ]),
    ),
    time: started === null || finished === null ? null : formatSeconds(finished - started),
    'trained tokens': job.trained_tokens,
    seed: job.seed,
    ...(job.error !== null && { error: `${job.error.message} [${job.error.code}]` }),
  });
}

/** e.g. `accuracy 85.0 %, loss 0.4012`. */
export function describeScore(score: ScoreView | null): string | null {
  if (score === null) return null;
  const loss = `loss ${score.loss.toFixed(4)}`;
  return score.accuracy === null ? loss : `accuracy ${(score.accuracy * 100).toFixed(1)} %, ${loss}`;
}

/** e.g. `45 s`, `2 min 05 s`, `1 h 02 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

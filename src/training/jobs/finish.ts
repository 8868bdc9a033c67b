import type { PromptVersion } from '../../domain/prompt.ts';
import type { JobScore, TrainingJob, TrainingStore } from '../../domain/training.ts';
import type { Outcome, PromptContent } from '../child/protocol.ts';
import { message } from './event-log.ts';
import { incumbentOf, type PublishParts, publishOutcome } from './publish.ts';

export interface FinishParts extends PublishParts {
  readonly store: TrainingStore;
}

/** The end of a run: compare with what serves now, publish, and close the job. */
export class Finish {
  private readonly parts: FinishParts;
  private readonly job: TrainingJob;
  private outcome: Outcome | null = null;
  private incumbent: PromptVersion | null = null;
  /** The job is closed. */
  done = false;

  constructor(parts: FinishParts, job: TrainingJob) {
    this.parts = parts;
    this.job = job;
  }

  /** The version to compare with, or null; undefined: the job was cancelled or paused meanwhile. */
  async begin(outcome: Outcome): Promise<PromptContent | null | undefined> {
    const { store, tasks } = this.parts;
    const job = await store.changeJob(this.job.id, { from: ['running'] }, { publishing: true }, [
      message(outcome.reason === 'diverged' ? 'error' : 'info', ending(outcome), { key: 'end' }),
    ]);
    if (job === null) return undefined;
    this.outcome = outcome;
    this.incumbent = incumbentOf(tasks, this.job);
    // The training graph has no place for a classification head.
    if (this.incumbent === null || this.incumbent.numLabels !== null) return null;
    const file = tasks.readFile(this.incumbent.sha256);
    return file && { peftType: this.incumbent.peftType, file };
  }

  async publish(incumbentScore: JobScore | null): Promise<void> {
    const { store } = this.parts;
    const { outcome, job } = this;
    if (outcome === null) throw new Error('A comparison came before the end of the run');
    const { prompt } = outcome;
    const published =
      prompt === null
        ? null
        : await publishOutcome(this.parts, job, { ...outcome, prompt }, this.incumbent, incumbentScore);
    const result = published?.result ?? null;
    const events = published === null ? [] : [describe(job, published.result, published.reason)];
    const diverged = outcome.reason === 'diverged';
    const error = diverged ? { code: 'training_diverged', message: ending(outcome), param: null } : null;
    const closing = diverged
      ? message('error', 'The job failed.')
      : message('info', 'The job has successfully completed.');
    const status = diverged ? 'failed' : 'succeeded';
    const finishedAt = Date.now();
    await store.changeJob(
      job.id,
      { from: ['running'] },
      { status, result, error, finishedAt, publishing: false },
      [...events, closing],
    );
    this.done = true;
  }
}

function ending({ reason, detail, lastStep, step, prompt }: Outcome): string {
  switch (reason) {
    case 'completed':
      return `All ${lastStep} steps are done; the prompt of step ${step} is kept.`;
    case 'early_stopping':
      return `Stopped after step ${lastStep}: the validation score no longer improves. The prompt of step ${step} is kept.`;
    case 'diverged':
      return prompt === null
        ? `${detail} No prompt was validated before, so none is kept.`
        : `${detail} The best prompt, of step ${step}, is kept.`;
  }
}

function describe({ spec }: TrainingJob, result: NonNullable<TrainingJob['result']>, reason: string) {
  const name = `${spec.task}@${result.version}`;
  const text = result.active ? `${name} is published and serves` : `${name} is published but does not serve`;
  return message('info', `${text}: ${reason}.`, {
    data: {
      fine_tuned_model: name,
      active: result.active,
      sha256: result.sha256,
      score: result.score,
      incumbent_score: result.incumbentScore,
    },
  });
}

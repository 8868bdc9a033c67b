import type { PromptVersion } from '../../domain/prompt.ts';
import {
  type JobScore,
  jobTasks,
  type NewJobEvent,
  type TaskResult,
  type TrainingJob,
} from '../../domain/training.ts';
import type { TrainingStore } from '../../domain/training-store.ts';
import type { Outcome, PromptContent } from '../child/protocol.ts';
import { message } from './event-log.ts';
import { incumbentOf, type Published, type PublishParts, publishOutcome } from './publish.ts';

export interface FinishParts extends PublishParts {
  readonly store: TrainingStore;
}

/** The end of a run: compare with what serves now, publish, and close the job. */
export class Finish {
  private readonly parts: FinishParts;
  private readonly job: TrainingJob;
  private outcome: Outcome | null = null;
  private incumbents: readonly (PromptVersion | null)[] = [];
  /** The job is closed. */
  done = false;

  constructor(parts: FinishParts, job: TrainingJob) {
    this.parts = parts;
    this.job = job;
  }

  /** The version of each task to compare with, or null; undefined: the job was cancelled or paused meanwhile. */
  async begin(outcome: Outcome): Promise<readonly (PromptContent | null)[] | undefined> {
    const { store, tasks } = this.parts;
    const job = await store.changeJob(this.job.id, { from: ['running'] }, { publishing: true }, [
      message(outcome.reason === 'diverged' ? 'error' : 'info', ending(outcome), { key: 'end' }),
    ]);
    if (job === null) return undefined;
    this.outcome = outcome;
    this.incumbents = taskJobs(this.job).map((part) => incumbentOf(tasks, part));
    return this.incumbents.map((incumbent) => {
      // The training graph has no place for a classification head.
      const isComparable = incumbent !== null && incumbent.numLabels === null;
      const file = isComparable ? tasks.readFile(incumbent.sha256) : null;
      return file && { peftType: incumbent!.peftType, file };
    });
  }

  async publish(incumbentScores: readonly (JobScore | null)[]): Promise<void> {
    const { store } = this.parts;
    const { outcome, job } = this;
    if (outcome === null) throw new Error('A comparison came before the end of the run');
    const results: Published['result'][] = [];
    const events: NewJobEvent[] = [];
    for (const [index, learned] of (outcome.prompts ?? []).entries()) {
      const part = taskJobs(job)[index]!;
      const given = [this.incumbents[index] ?? null, incumbentScores[index] ?? null] as const;
      const { result, reason } = await publishOutcome(this.parts, part, { ...outcome, ...learned }, ...given);
      results.push(result);
      events.push(describe(part, result, reason));
    }
    const [first, ...others] = results;
    const result = first === undefined ? null : { ...first, others };
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

/** The job as each of its tasks sees it. */
const taskJobs = (job: TrainingJob): readonly TrainingJob[] =>
  jobTasks(job.spec).map((task) => ({ ...job, spec: { ...job.spec, ...task } }));

function ending({ reason, detail, lastStep, step, prompts }: Outcome): string {
  switch (reason) {
    case 'completed':
      return `All ${lastStep} steps are done; the prompt of step ${step} is kept.`;
    case 'early_stopping':
      return `Stopped after step ${lastStep}: the validation score no longer improves. The prompt of step ${step} is kept.`;
    case 'diverged':
      return prompts === null
        ? `${detail} No prompt was validated before, so none is kept.`
        : `${detail} The best prompt, of step ${step}, is kept.`;
  }
}

function describe({ spec }: TrainingJob, result: TaskResult, reason: string): NewJobEvent {
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

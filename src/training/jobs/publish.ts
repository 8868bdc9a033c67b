import { setTimeout } from 'node:timers/promises';
import { DomainError } from '../../domain/errors.ts';
import type { PromptVersion } from '../../domain/prompt.ts';
import type { PromptPublisher } from '../../domain/publishing.ts';
import { type ServingPlan, singleVersion } from '../../domain/serving.ts';
import type { TaskStore } from '../../domain/store.ts';
import type { Task } from '../../domain/task.ts';
import { type JobResult, type JobScore, storedType, type TrainingJob } from '../../domain/training.ts';
import type { Ending, LearnedPrompt } from '../child/protocol.ts';
import { isBetter } from '../validation.ts';

/** A busy server gets this often a little time. */
const TRIES = 60;
const RETRY_MS = 1000;

export interface PublishParts {
  readonly tasks: TaskStore;
  readonly publisher: PromptPublisher;
}

/** The version that serves the task now, if it is one of this model. */
export function incumbentOf(tasks: TaskStore, { spec }: TrainingJob): PromptVersion | null {
  const active = tasks.getTask(spec.task)?.activeVersion ?? null;
  const version = active === null ? null : tasks.getVersion(spec.task, active);
  return version?.modelHash === spec.modelHash ? version : null;
}

export interface Published {
  readonly result: Omit<JobResult, 'others'>;
  /** Why it serves, or why not. */
  readonly reason: string;
}

/**
 * Publishes what a job learned, through the door of uploads. Everything is addressed by its content, so doing it again
 * after a crash gives the version that exists.
 */
export async function publishOutcome(
  { tasks, publisher }: PublishParts,
  job: TrainingJob,
  outcome: Ending & LearnedPrompt,
  incumbent: PromptVersion | null,
  incumbentScore: JobScore | null,
): Promise<Published> {
  const { actor } = job;
  const { task } = job.spec;
  const changed = taskChanged(tasks.getTask(task), job, outcome);
  await patiently(() => describeTask(tasks, job, outcome));
  const peftType = storedType(job.spec.config.peft_type);
  const upload = { kind: 'tensor', model: outcome.prompt, peftType } as const;
  const { version } = await patiently(() => publisher.publish(task, upload, { activate: false, actor }));
  const seen = tasks.getTask(task)?.serving ?? null;
  const several = servesSeveral(seen);
  const replaced = incumbentOf(tasks, job)?.version !== incumbent?.version;
  const circumstances = { incumbent, incumbentScore, changed, several, replaced };
  const decision = decide(job, outcome, version, circumstances);
  const published = (active: boolean, reason: string): Published => ({
    reason,
    result: {
      version: version.version,
      sha256: version.sha256,
      active,
      step: outcome.step,
      trainedTokens: outcome.trainedTokens,
      score: outcome.score,
      incumbentScore,
    },
  });
  if (!decision.activate) return published(false, decision.reason);
  try {
    if (job.spec.hyperparameters.activate === 'auto') {
      // What was compared must still be what serves, alone.
      const plan = singleVersion(version.version);
      await patiently(() => publisher.serve(task, plan, seen, actor));
    } else await patiently(() => publisher.activate(task, version.version, undefined, actor));
    return published(true, decision.reason);
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind !== 'precondition_failed') throw error;
    return published(false, REPLACED);
  }
}

const REPLACED = 'what the task serves with was changed while this version was compared';

interface Circumstances {
  readonly incumbent: PromptVersion | null;
  readonly incumbentScore: JobScore | null;
  /** The task is not as it was when the job was created. */
  readonly changed: boolean;
  /** The task serves with an ensemble, a split or a shadow. */
  readonly several: boolean;
  /** Another version serves than was compared. */
  readonly replaced: boolean;
}

function decide(
  { spec }: TrainingJob,
  { reason, score }: Ending & LearnedPrompt,
  version: PromptVersion,
  { incumbent, incumbentScore, changed, several, replaced }: Circumstances,
): { readonly activate: boolean; readonly reason: string } {
  const wanted = spec.hyperparameters.activate;
  if (reason === 'diverged') return { activate: false, reason: 'the run diverged' };
  const change = 'the template or the labels of the task were changed after the job was created';
  if (wanted !== 'auto') {
    return {
      activate: wanted === 'always',
      reason: `activate is "${wanted}"${changed ? `; ${change}` : ''}`,
    };
  }
  if (changed) return { activate: false, reason: change };
  if (several) return { activate: false, reason: 'the task serves with several versions' };
  if (replaced) return { activate: false, reason: REPLACED };
  if (incumbent === null) return { activate: true, reason: 'the task had no active version' };
  if (incumbent.sha256 === version.sha256) return { activate: true, reason: 'it is the active version' };
  if (incumbent.numLabels !== null) {
    const reason = 'the active version has a classification head, which is not compared';
    return { activate: false, reason };
  }
  if (score === null || incumbentScore === null) {
    const rows = 'there are no validation rows to compare it on with the active version';
    return { activate: false, reason: rows };
  }
  const worse = isBetter(incumbentScore, score);
  const found = worse ? 'the active version is better' : 'it is at least as good as the version before';
  return { activate: !worse, reason: `${found} on the validation rows` };
}

/** What several versions reach together is not compared, and a comparison that someone set up is not ended. */
function servesSeveral(plan: ServingPlan | null): boolean {
  return plan !== null && (plan.type !== 'version' || plan.shadow !== null);
}

/** Whether a task would not serve the prompt as it was learned and compared. A task that is gone is made anew. */
function taskChanged(task: Task | null, { spec }: TrainingJob, { labels }: LearnedPrompt): boolean {
  if (task === null) return false;
  const learned = new Set(labels);
  const sameLabels =
    learned.size === 0 ||
    task.labels === null ||
    (task.labels.length === learned.size && task.labels.every((label) => learned.has(label)));
  return task.template !== spec.template || !sameLabels;
}

/** A task that the job makes gets the labels and the template that were learned with; one without labels gets them. */
async function describeTask(
  tasks: TaskStore,
  { spec, actor }: TrainingJob,
  { labels }: LearnedPrompt,
): Promise<void> {
  const task = tasks.getTask(spec.task);
  const known = labels.length > 0 ? labels : null;
  if (task === null) {
    const metadata = { description: null, template: spec.template, labels: known, defaults: null };
    await tasks.putTask(spec.task, metadata, actor);
  } else if (task.labels === null && known !== null) {
    const { description, template, defaults } = task;
    await tasks.putTask(spec.task, { description, template, labels: known, defaults }, actor);
  }
}

/** Hours of learning do not fail because the server is busy for a moment. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const busy = error instanceof DomainError && ['contended', 'unavailable'].includes(error.kind);
      if (!busy || attempt === TRIES) throw error;
      await setTimeout(RETRY_MS);
    }
  }
}

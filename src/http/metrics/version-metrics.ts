import type { Counter } from 'prom-client';
import type { ShadowCounts } from '../../domain/inference.ts';
import { answeringVersions, type ServingPlan } from '../../domain/serving.ts';
import type { Instruments } from './instruments.ts';
import type { TaskLabels } from './task-labels.ts';
import { VersionCounts } from './version-stats.ts';

export interface VersionSources {
  /** What a task serves with; null: nothing. */
  plan(task: string): ServingPlan | null;
  shadowCounts(task: string, plan: ServingPlan): ShadowCounts;
}

const OUTCOMES = ['same', 'different', 'failed', 'skipped'] as const;

/**
 * Versions side by side. Only tasks that serve with several versions, or with a shadow, have series here, so their number
 * is bounded by that of the labelled tasks.
 */
export class VersionMetrics {
  readonly counts = new VersionCounts();
  readonly #tasks: TaskLabels;
  readonly #sources: VersionSources;
  readonly #requests: Counter<'task' | 'version'>;
  readonly #errors: Counter<'task' | 'version'>;
  readonly #tokens: Counter<'task' | 'version'>;
  readonly #seconds: Counter<'task' | 'version'>;
  readonly #shadows: Counter<'task' | 'version' | 'outcome'>;

  constructor(instruments: Instruments, tasks: TaskLabels, sources: VersionSources) {
    this.#tasks = tasks;
    this.#sources = sources;
    const labels = ['task', 'version'] as const;
    this.#requests = instruments.counter(
      'softprompt_version_requests_total',
      'Checked requests by version, of tasks that serve with several versions or a shadow.',
      labels,
    );
    this.#errors = instruments.counter(
      'softprompt_version_errors_total',
      'Of those, requests that ended with an error.',
      labels,
    );
    this.#tokens = instruments.counter(
      'softprompt_version_output_tokens_total',
      'Output tokens by version, of the same tasks.',
      labels,
    );
    this.#seconds = instruments.counter(
      'softprompt_version_answer_seconds_total',
      'Time of the requests that were answered in full, by version, of the same tasks.',
      labels,
    );
    this.#shadows = instruments.counter(
      'softprompt_shadow_comparisons_total',
      'Inputs and choices of a shadow beside those that clients got. skipped: the server was busy.',
      [...labels, 'outcome'],
    );
  }

  refresh(): void {
    const all = [this.#requests, this.#errors, this.#tokens, this.#seconds, this.#shadows];
    for (const counter of all) counter.reset();
    for (const task of this.#tasks.labelled) this.#show(task);
  }

  #show(task: string): void {
    const plan = this.#sources.plan(task);
    if (plan === null || (plan.type === 'version' && plan.shadow === null)) return;
    for (const number of answeringVersions(plan)) {
      const labels = { task, version: `${number}` };
      const { requests, errors, outputTokens, seconds } = this.counts.of(task, number);
      this.#requests.inc(labels, requests);
      this.#errors.inc(labels, errors);
      this.#tokens.inc(labels, outputTokens);
      this.#seconds.inc(labels, seconds);
    }
    if (plan.shadow === null) return;
    const counts = this.#sources.shadowCounts(task, plan);
    for (const outcome of OUTCOMES) {
      this.#shadows.inc({ task, version: `${plan.shadow}`, outcome }, counts[outcome]);
    }
  }
}

import { DomainError } from '../domain/errors.ts';
import type { Baseline, EvaluationRequest } from '../domain/evaluation.ts';
import { classificationOnly, headRows } from '../domain/head.ts';
import type { ModelInfo } from '../domain/model.ts';
import type { TaskStore } from '../domain/store.ts';
import { applyTemplate, type Task } from '../domain/task.ts';
import type { PreparedRows } from './prepare.ts';

/** One side of a comparison: what is asked, and how a row's input is put to it. */
export interface Contender {
  readonly name: string;
  readonly type: 'version' | Baseline;
  readonly version: number | null;
  /** Labels of the version's classification head; null: it has none. */
  readonly numLabels: number | null;
  /** The task, or the base model's id. */
  readonly target: string;
  /** Text for the inference, which puts it into the template only for a version. */
  modelText(input: string): string;
}

/** Throws `not_found` task_not_found. */
export function taskToEvaluate(store: Pick<TaskStore, 'getTask'>, name: string): Task {
  const task = store.getTask(name);
  if (task !== null) return task;
  throw new DomainError('not_found', 'task_not_found', `There is no task "${name}".`, {
    param: 'task',
    given: name,
  });
}

/**
 * The versions that a request means, checked before any work. Throws `not_found` version_not_found, `conflict`
 * no_active_version or model_mismatch, `invalid` nothing_to_evaluate.
 * @param param the field that names the versions
 */
export function versionContenders(
  store: Pick<TaskStore, 'getVersion'>,
  model: Pick<ModelInfo, 'hash'>,
  task: Task,
  { versions, baselines }: Pick<EvaluationRequest, 'versions' | 'baselines'>,
  param = 'versions',
): readonly Contender[] {
  if (versions?.length === 0 && baselines.length === 0) {
    throw new DomainError('invalid', 'nothing_to_evaluate', 'Neither a version nor a baseline is named.', {
      param,
      expected: 'a version or a baseline',
    });
  }
  if (versions === null && task.activeVersion === null && baselines.length === 0) {
    throw new DomainError(
      'conflict',
      'no_active_version',
      `Task "${task.name}" has no active prompt version.`,
      {
        param,
        expected: 'a version, or a baseline',
      },
    );
  }
  const active = task.activeVersion === null ? [] : [task.activeVersion];
  return [...new Set(versions ?? active)].map((number) => {
    const name = `${task.name}@${number}`;
    const version = store.getVersion(task.name, number);
    if (version === null) {
      throw new DomainError(
        'not_found',
        'version_not_found',
        `Task "${task.name}" has no version ${number}.`,
        {
          param,
          given: number,
        },
      );
    }
    if (version.modelHash !== model.hash) {
      throw new DomainError('conflict', 'model_mismatch', `${name} was made for another model.`, {
        param,
        expected: model.hash,
        given: version.modelHash,
      });
    }
    const { numLabels } = version;
    const target = task.name;
    return { name, type: 'version', version: number, numLabels, target, modelText: (input) => input };
  });
}

/**
 * Throws `unprocessable` unless the classification heads among the contenders can be asked for these rows:
 * classification_only, num_labels_mismatch and unknown_label.
 */
export function assertHeadsFit(
  contenders: readonly Contender[],
  { kind, labels }: Pick<PreparedRows, 'kind' | 'labels'>,
  task: Pick<Task, 'labels'>,
): void {
  for (const { name, numLabels } of contenders) {
    if (numLabels === null) continue;
    if (kind === 'generation') throw classificationOnly(name, 'versions');
    headRows(numLabels, task.labels, labels);
  }
}

/** The base model with the task's template behind `prefix`: no soft prompt. */
export function baselineContender(
  type: Baseline,
  model: Pick<ModelInfo, 'id'>,
  task: Pick<Task, 'template'>,
  prefix: string,
): Contender {
  const modelText = (input: string): string => prefix + applyTemplate(task.template, input);
  return { name: type, type, version: null, numLabels: null, target: model.id, modelText };
}

/**
 * Versions are asked under the template of the moment; a change halfway would mix two measurements. Throws `conflict`
 * task_changed.
 */
export function assertSameTemplate(task: Task, now: Task | null): void {
  if (now?.template === task.template) return;
  const message = `The template of task "${task.name}" changed during the evaluation.`;
  throw new DomainError('conflict', 'task_changed', message, { param: 'task' });
}

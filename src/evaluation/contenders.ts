import { DomainError } from '../domain/errors.ts';
import type { Baseline, EvaluationRequest } from '../domain/evaluation.ts';
import { classificationOnly, headRows } from '../domain/head.ts';
import type { ModelInfo } from '../domain/model.ts';
import { answeringGroups } from '../domain/serving.ts';
import type { TaskStore } from '../domain/store.ts';
import { applyTemplate, type Task } from '../domain/task.ts';
import type { NaiveBayes } from './naive-bayes.ts';
import type { PreparedRows } from './prepare.ts';

/** One side of a comparison: what is asked, and how a row's input is put to it. */
export interface Contender {
  readonly name: string;
  readonly type: 'version' | 'ensemble' | Baseline;
  /** Empty: a baseline; several: an ensemble. */
  readonly versions: readonly number[];
  /** Labels of the version's classification head; null: it has none. */
  readonly numLabels: number | null;
  /** The task, or the base model's id. */
  readonly target: string;
  /** Answers in place of the model. */
  readonly classifier: NaiveBayes | null;
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
 * The versions and ensembles that a request means, or what the task serves with; checked before any work. Throws
 * `not_found` version_not_found, `conflict` no_active_version or model_mismatch, `invalid` nothing_to_evaluate,
 * `unprocessable` mixed_heads.
 * @param param the field that names the versions
 */
export function versionContenders(
  store: Pick<TaskStore, 'getVersion'>,
  model: Pick<ModelInfo, 'hash'>,
  task: Task,
  { versions, ensembles, baselines }: Pick<EvaluationRequest, 'versions' | 'ensembles' | 'baselines'>,
  param = 'versions',
): readonly Contender[] {
  if (versions?.length === 0 && ensembles.length === 0 && baselines.length === 0) {
    throw new DomainError('invalid', 'nothing_to_evaluate', 'Neither a version nor a baseline is named.', {
      param,
      expected: 'a version or a baseline',
    });
  }
  const namesNone = versions === null && ensembles.length === 0;
  if (namesNone && task.serving === null && baselines.length === 0) {
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
  const named = [...(versions ?? []).map((version) => [version]), ...ensembles];
  const serving = task.serving === null ? [] : answeringGroups(task.serving);
  const asked = namesNone ? serving : named;
  const groups = new Map(asked.map((group) => [group.join('+'), group]));
  return [...groups.values()].map((group) => contenderOf(store, model, task, group, param));
}

function contenderOf(
  store: Pick<TaskStore, 'getVersion'>,
  model: Pick<ModelInfo, 'hash'>,
  { name: target }: Task,
  versions: readonly number[],
  param: string,
): Contender {
  const heads = versions.map((version) => headLabelsOf(store, model, target, version, param));
  const numLabels = heads[0]!;
  const other = heads.findIndex((one) => one !== numLabels);
  const name = `${target}@${versions.join('+')}`;
  if (other > 0) {
    throw new DomainError(
      'unprocessable',
      'mixed_heads',
      `The versions of ${name} have classification heads of different sizes, or only some have one.`,
      { param, expected: numLabels, given: heads[other] },
    );
  }
  const type = versions.length === 1 ? 'version' : 'ensemble';
  const modelText = (input: string): string => input;
  return { name, type, versions, numLabels, target, classifier: null, modelText };
}

/** Labels of a version's classification head; null: it has none. */
function headLabelsOf(
  store: Pick<TaskStore, 'getVersion'>,
  model: Pick<ModelInfo, 'hash'>,
  task: string,
  number: number,
  param: string,
): number | null {
  const version = store.getVersion(task, number);
  if (version === null) {
    throw new DomainError('not_found', 'version_not_found', `Task "${task}" has no version ${number}.`, {
      param,
      given: number,
    });
  }
  if (version.modelHash !== model.hash) {
    throw new DomainError('conflict', 'model_mismatch', `${task}@${number} was made for another model.`, {
      param,
      expected: model.hash,
      given: version.modelHash,
    });
  }
  return version.numLabels;
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
  type: Exclude<Baseline, 'naive_bayes'>,
  model: Pick<ModelInfo, 'id'>,
  task: Pick<Task, 'template'>,
  prefix: string,
): Contender {
  const modelText = (input: string): string => prefix + applyTemplate(task.template, input);
  return { name: type, type, versions: [], numLabels: null, target: model.id, classifier: null, modelText };
}

/** The words of labelled rows, without a model. */
export function wordContender(classifier: NaiveBayes): Contender {
  const type = 'naive_bayes';
  const modelText = (input: string): string => input;
  return { name: type, type, versions: [], numLabels: null, target: type, classifier, modelText };
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

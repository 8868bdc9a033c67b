import { DomainError } from './errors.ts';
import type { SamplingOverrides } from './sampling.ts';
import { MOST_VERSIONS, type ServingPlan } from './serving.ts';

/** A named task on the frozen model. Its prompt versions are immutable; `serving` says which of them answer. */
export interface Task {
  readonly name: string;
  readonly description: string | null;
  /** Text with exactly one `{text}`, into which inputs are put; null: the input as it is. */
  readonly template: string | null;
  /** What `classify` ranks by default, as continuations of the input; of a classification head the names of its rows. */
  readonly labels: readonly string[] | null;
  /** Generation parameters that a request to this task starts from. */
  readonly defaults: SamplingOverrides | null;
  /** The version that stands for `serving`; null: none serves. */
  readonly activeVersion: number | null;
  /** Null: nothing serves. */
  readonly serving: ServingPlan | null;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The part of a task that `PUT /v1/tasks/{task}` replaces. */
export type TaskMetadata = Pick<Task, 'description' | 'template' | 'labels' | 'defaults'>;

export const TASK_NAME_PATTERN = '^[a-z0-9][a-z0-9._-]{0,63}$';
const taskName = new RegExp(TASK_NAME_PATTERN);

/** Throws `invalid` unless `name` is `[a-z0-9][a-z0-9._-]{0,63}`. */
export function assertTaskName(name: string): void {
  if (!taskName.test(name)) {
    throw new DomainError('invalid', 'invalid_task_name', `A task name matches ${TASK_NAME_PATTERN}.`, {
      param: 'task',
      expected: TASK_NAME_PATTERN,
      given: name,
    });
  }
}

/**
 * Throws `conflict` task_name_reserved for the base model's id: a request that names it means the model alone,
 * and would never reach the task.
 */
export function assertNotModelId(name: string, modelId: string): void {
  if (name !== modelId) return;
  const message = `"${name}" is the id of the base model; a task needs another name.`;
  throw new DomainError('conflict', 'task_name_reserved', message, {
    param: 'task',
    expected: "a name other than the base model's id",
    given: name,
  });
}

const TEMPLATE_SLOT = '{text}';

/** Throws `invalid` unless the template holds `{text}` exactly once. */
export function assertTemplate(template: string): void {
  const slots = template.split(TEMPLATE_SLOT).length - 1;
  if (slots !== 1) {
    throw new DomainError('invalid', 'invalid_template', `A template holds ${TEMPLATE_SLOT} exactly once.`, {
      param: 'template',
      expected: 1,
      given: slots,
    });
  }
}

/**
 * Throws `unprocessable` context_length_exceeded for defaults with which no request could run.
 * @param contextLength positions of one request; at least one of them is for the input
 */
export function assertDefaultsFit({ max_tokens: given }: SamplingOverrides, contextLength: number): void {
  const most = contextLength - 1;
  if (given === undefined || given <= most) return;
  const message =
    `"max_tokens" ${given} leaves no place for an input: ` +
    `a request has ${contextLength} positions, so at most ${most} can be output.`;
  throw new DomainError('unprocessable', 'context_length_exceeded', message, {
    param: 'defaults.max_tokens',
    expected: `at most ${most}`,
    given,
  });
}

/** Throws `invalid` duplicate_label when a label comes twice: it could not be told which of the two was chosen. */
export function assertDistinctLabels(labels: readonly string[]): void {
  const first = new Map<string, number>();
  labels.forEach((label, index) => {
    const other = first.get(label);
    if (other !== undefined) {
      const name = JSON.stringify(label.length <= 80 ? label : `${label.slice(0, 79)}…`);
      const message = `The label ${name} comes twice, at ${other} and at ${index} (counted from 0).`;
      throw new DomainError('invalid', 'duplicate_label', message, {
        param: 'labels',
        expected: 'distinct labels',
        given: { label: name, indices: [other, index] },
      });
    }
    first.set(label, index);
  });
}

/** Characters of the labels of a task, or of a request, together. */
export const MAX_LABEL_CHARACTERS = 65_536;

/** Throws `unprocessable` labels_too_long for labels that are too long together. @param param the field that holds them */
export function assertLabelsTogether(labels: readonly string[], param = 'labels'): void {
  const given = labels.reduce((sum, label) => sum + label.length, 0);
  if (given <= MAX_LABEL_CHARACTERS) return;
  const message = `The labels have ${given} characters together; at most ${MAX_LABEL_CHARACTERS} are taken.`;
  throw new DomainError('unprocessable', 'labels_too_long', message, {
    param,
    expected: `at most ${MAX_LABEL_CHARACTERS} characters together`,
    given,
  });
}

/** The model input for `text`. The text is inserted as it is, `$` patterns included. */
export function applyTemplate(template: string | null, text: string): string {
  if (template === null) return text;
  const at = template.indexOf(TEMPLATE_SLOT);
  return template.slice(0, at) + text + template.slice(at + TEMPLATE_SLOT.length);
}

/** A model reference of a request: `task`, `task@version`, an ensemble `task@1+2`, or the base model's id. */
export interface ModelReference {
  readonly name: string;
  /** Null: what the task serves with. */
  readonly versions: readonly number[] | null;
}

/**
 * Splits `task@version`. Throws `invalid` invalid_version when the part after `@` is not one or several version numbers.
 * @param param the field that it came in
 */
export function parseModelReference(model: string, param = 'model'): ModelReference {
  const at = model.lastIndexOf('@');
  if (at < 0) return { name: model, versions: null };
  const numbers = model.slice(at + 1).split('+');
  const versions = numbers.map(Number);
  const twice = versions.find((version, i) => versions.indexOf(version) < i);
  const isNumbers = numbers.every((digits) => /^[1-9][0-9]{0,8}$/.test(digits));
  if (!isNumbers || twice !== undefined) {
    const message = isNumbers
      ? `Version ${twice} is named twice.`
      : 'After "@" a positive version number is expected.';
    throw new DomainError('invalid', 'invalid_version', message, {
      param,
      expected: 'a version number, or several distinct ones with "+" between them',
      given: model,
    });
  }
  assertEnsembleSize(versions.length, param);
  return { name: model.slice(0, at), versions };
}

/** {@link parseModelReference} where an ensemble makes no sense. Throws `invalid` several_versions. */
export function parseVersionReference(
  model: string,
  param = 'model',
): {
  readonly name: string;
  readonly version: number | null;
} {
  const { name, versions } = parseModelReference(model, param);
  if (versions === null || versions.length === 1) return { name, version: versions?.[0] ?? null };
  throw new DomainError('invalid', 'several_versions', 'One version is expected here.', {
    param,
    expected: 'task or task@version',
    given: model,
  });
}

/** Throws `invalid` too_many_versions. */
export function assertEnsembleSize(count: number, param: string): void {
  if (count <= MOST_VERSIONS) return;
  throw new DomainError(
    'invalid',
    'too_many_versions',
    `An ensemble has at most ${MOST_VERSIONS} versions.`,
    {
      param,
      expected: `at most ${MOST_VERSIONS} versions`,
      given: count,
    },
  );
}

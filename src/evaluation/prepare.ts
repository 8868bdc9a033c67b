import { DomainError } from '../domain/errors.ts';
import type { EvaluationRequest, RowFiles } from '../domain/evaluation.ts';
import type { Task } from '../domain/task.ts';
import { applyTemplate } from '../domain/task.ts';
import type { Dataset } from '../training/dataset/dataset.ts';
import type { DataRow } from '../training/dataset/rows.ts';
import { drawExamples, exampleText } from './k-shot.ts';
import { LabelNames } from './labels.ts';
import { readRows } from './read-rows.ts';

/** Labels of one evaluation; as many as `classify` takes. */
const MAX_LABELS = 1024;

/** Rows that are ready to be asked about. */
export interface PreparedRows {
  readonly kind: 'classification' | 'generation';
  readonly rows: readonly DataRow[];
  /** The task's labels, else those of the rows in the order of their first rows; empty for generation. */
  readonly labels: readonly string[];
}

/** Rejects like {@link readRows}, and with `unprocessable` too_many_labels. */
export async function prepareRows(
  request: Pick<EvaluationRequest, 'rows' | 'caller'>,
  task: Pick<Task, 'labels'>,
  files: RowFiles,
): Promise<PreparedRows> {
  const names = task.labels === null ? null : new LabelNames(task.labels);
  const data = await readRows(request.rows, names?.accepted ?? null, files, request.caller);
  if (data.kind === 'completion') return { kind: 'generation', rows: data.rows, labels: [] };
  const labels = task.labels ?? data.labels;
  if (labels.length > MAX_LABELS) {
    throw new DomainError('unprocessable', 'too_many_labels', 'The rows have too many different labels.', {
      param: 'file',
      expected: `at most ${MAX_LABELS}`,
      given: labels.length,
    });
  }
  return { kind: 'classification', rows: names === null ? data.rows : data.rows.map(names.resolve), labels };
}

/**
 * The text of the drawn examples in front of every input. Rejects like {@link readRows}, with `invalid`
 * examples_required, and with `unprocessable` examples_of_another_kind or too_few_examples.
 */
export async function prepareExamples(
  request: EvaluationRequest,
  task: Pick<Task, 'template'>,
  evaluated: PreparedRows,
  files: RowFiles,
): Promise<string> {
  if (request.examples === null) {
    throw new DomainError('invalid', 'examples_required', 'The baseline "k_shot" needs examples.', {
      param: 'examples',
      expected: 'labelled rows',
      given: 'nothing',
    });
  }
  const { kind, labels } = evaluated;
  const names = kind === 'classification' ? new LabelNames(labels) : null;
  const accepted = names?.accepted ?? null;
  const data: Dataset = await readRows(request.examples, accepted, files, request.caller).catch(
    namingExamples,
  );
  if ((data.kind === 'classification') !== (kind === 'classification')) {
    const message = 'The examples are of another kind than the rows.';
    throw new DomainError('unprocessable', 'examples_of_another_kind', message, {
      param: 'examples',
      expected: kind,
      given: data.kind,
    });
  }
  const rows = names === null ? data.rows : data.rows.map(names.resolve);
  const inputs = new Set(evaluated.rows.map(({ input }) => input));
  const { shots, seed } = request;
  const drawn = drawExamples(rows, { shots, seed, labels, evaluated: inputs });
  return exampleText(drawn, (text) => applyTemplate(task.template, text));
}

/** Says in which of the two files a problem is. */
function namingExamples(error: unknown): never {
  if (!(error instanceof DomainError)) throw error;
  const { kind, code, message, expected, given } = error;
  throw new DomainError(kind, code, message, { param: 'examples', expected, given, cause: error });
}

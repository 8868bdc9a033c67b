import { DomainError } from '../domain/errors.ts';
import type { EvaluationRequest, RowFiles } from '../domain/evaluation.ts';
import type { Task } from '../domain/task.ts';
import type { DataRow } from '../training/dataset/rows.ts';
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

import { findTask, putTask } from '../../api/tasks.ts';
import { createJob, deleteFile, uploadRows } from '../../api/training.ts';
import type { Job, Task } from '../../api/types.ts';
import { holdOut, type Parts } from '../../lib/hold-out.ts';
import { jsonLines, type RowSet } from '../../lib/rows.ts';

/** What a person may set; null: the server chooses what suits the rows and the model. */
export interface JobForm {
  readonly task: string;
  readonly template: string;
  readonly method: 'prompt_tuning' | 'prefix_tuning';
  readonly tokens: number;
  readonly steps: number | null;
  readonly learningRate: number | null;
  readonly seed: number | null;
  /** Part of the rows that is held out to measure on. */
  readonly held: number;
  /** Null: a first version serves, a later one waits to be promoted. */
  readonly activate: 'auto' | 'always' | 'never' | null;
  /** `task` or `task@version` to start from; empty: none. */
  readonly from: string;
}

/** Fewer rows than this are all learned from. */
const ROWS_TO_HOLD_OUT = 20;

/** The rows to learn from and those to measure on; none of the latter where they would say nothing. */
export function partsOf({ kind, rows, labels }: RowSet, held: number): Parts {
  if (held <= 0 || rows.length < ROWS_TO_HOLD_OUT) return { training: rows, held: [] };
  const parts = holdOut(rows, held);
  const heldLabels = new Set(parts.held.flatMap((row) => ('label' in row ? [row.label] : [])));
  const isTelling = kind === 'completion' ? parts.held.length > 0 : heldLabels.size === labels.size;
  return isTelling ? parts : { training: rows, held: [] };
}

/** Uploads the rows and starts the job. After a refusal the files are deleted again. */
export async function startJob(model: string, form: JobForm, set: RowSet): Promise<Job> {
  const { training, held } = partsOf(set, form.held);
  const files: string[] = [];
  // Not from the list that the page shows: the metadata of a task that is there already must stay.
  const task = await findTask(form.task);
  try {
    files.push((await uploadRows('training.jsonl', jsonLines(training))).id);
    if (held.length > 0) files.push((await uploadRows('held-out.jsonl', jsonLines(held))).id);
    const [training_file, validation_file = null] = files as [string, string?];
    if (task === null && form.template !== '') {
      await putTask(form.task, { description: null, template: form.template, labels: null });
    }
    const settings = {
      config: { num_virtual_tokens: form.tokens },
      hyperparameters: {
        activate: form.activate ?? defaultActivation(task),
        ...(form.steps !== null && { max_steps: form.steps }),
        ...(form.learningRate !== null && { learning_rate: form.learningRate }),
        ...(form.from !== '' && { init_from: form.from }),
      },
    };
    return await createJob({
      model,
      training_file,
      validation_file,
      suffix: form.task,
      seed: form.seed,
      method: { type: form.method, [form.method]: settings },
    });
  } catch (error) {
    // The refusal itself is what counts; a file that stays does no harm.
    await Promise.allSettled(files.map(deleteFile));
    throw error;
  }
}

/** A first version serves; a later one waits to be promoted. */
export const defaultActivation = (task: Task | null): 'auto' | 'never' =>
  task === null || task.serving === null ? 'auto' : 'never';

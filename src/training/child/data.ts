import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { DomainError } from '../../domain/errors.ts';
import type { JobSpec, JobTask } from '../../domain/training.ts';
import type { Dataset, DatasetFormat } from '../dataset/dataset.ts';
import { readDataset } from '../dataset/dataset.ts';
import { heldOutRows } from './plan.ts';
import type { TaskFiles } from './protocol.ts';

export interface TaskData {
  readonly training: Dataset;
  /** Null: nothing to validate on. */
  readonly validation: Dataset | null;
}

/**
 * Reads the files of a task and holds rows out for validation where there is no file for it. Rejects like readDataset,
 * and with `unprocessable` file_content_missing.
 */
export async function readTaskData(
  { trainingFile, validationFile, labels }: JobTask,
  { hyperparameters, seed }: JobSpec,
  { trainingPath, validationPath }: TaskFiles,
): Promise<TaskData> {
  const whole = await read(trainingPath, trainingFile.format, labels);
  if (validationFile !== null && validationPath !== null) {
    const known = whole.kind === 'classification' ? whole.labels : null;
    return { training: whole, validation: await read(validationPath, validationFile.format, known) };
  }
  const held = new Set(drawRows(whole.rows.length, heldOutRows(hyperparameters, whole.rows.length), seed));
  if (held.size === 0) return { training: whole, validation: null };
  const part = (isHeld: boolean): Dataset => ({
    ...whole,
    rows: whole.rows.filter((_, index) => held.has(index) === isHeld),
  });
  return { training: part(false), validation: part(true) };
}

async function read(path: string, format: DatasetFormat, labels: readonly string[] | null): Promise<Dataset> {
  try {
    return await readDataset(createReadStream(path), { format, labels });
  } catch (error) {
    if (Object(error).code !== 'ENOENT') throw error;
    const message = 'The content of a file of the job is no longer on the disk.';
    throw new DomainError('unprocessable', 'file_content_missing', message, { param: 'file' });
  }
}

/** `count` of the row numbers below `rows`, by the order of their hashes: the same for a seed everywhere. */
function drawRows(rows: number, count: number, seed: number): number[] {
  if (count === 0) return [];
  const keyed = Array.from({ length: rows }, (_, row) => {
    const key = createHash('sha256').update(`held out ${seed} ${row}`).digest('hex');
    return { row, key };
  });
  return keyed
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, count)
    .map(({ row }) => row);
}

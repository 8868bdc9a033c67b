import { DomainError } from '../domain/errors.ts';
import { encodeSafetensors } from '../formats/safetensors.ts';
import { type AdapterTensor, readAdapterTensors, tensorRefusal } from './adapter-tensors.ts';
import { HEAD_TENSOR, toHead } from './head.ts';
import { type AdapterContent, PROMPT_TENSOR } from './prompt-file.ts';

const COLUMNS = 'prefix_task_cols';
const ROWS = 'prefix_task_rows';

/** A prompt of several tasks (Wang et al. 2023): what they share, and low-rank factors of each. */
export interface MultitaskPrompt {
  /** [length, token_dim] */
  readonly shared: Float32Array;
  /** [tasks, length, ranks] */
  readonly columns: Float32Array;
  /** [tasks, ranks, token_dim] */
  readonly rows: Float32Array;
}

/** More make no low-rank factors; the product of very large ones would keep everybody waiting. */
export const MAX_RANKS = 64;

/**
 * The prompt of one task of a MULTITASK_PROMPT_TUNING adapter, as peft.MultitaskPromptEmbedding computes it: the shared
 * rows times, element by element, the product of the task's factors.
 * Throws as {@link readAdapterTensors} does, `unprocessable` multitask_shape when the tensors do not fit each other or
 * have too many ranks, multitask_not_finite when the product overflows, and `invalid` task_id_required or task_id_out_of_range.
 * @param withHead whether the tasks share a classification head
 * @param check called with the sizes before anything is computed; throws when they are not wanted
 */
export function readTaskPrompt(
  file: Uint8Array,
  taskId: number | undefined,
  withHead: boolean,
  check: (sizes: MultitaskSizes) => void,
): AdapterContent {
  const { prompt, sizes, others } = read(file, withHead ? [HEAD_TENSOR] : []);
  check(sizes);
  const { length, tokenDim } = sizes;
  const rows = composeTask(prompt, sizes, checkTaskId(taskId, sizes.tasks));
  if (!rows.every(Number.isFinite)) {
    const names = [PROMPT_TENSOR, COLUMNS, ROWS];
    throw tensorRefusal(
      names,
      'multitask_not_finite',
      'must have finite products',
      'finite numbers',
      'infinity',
    );
  }
  return { prompt: { rows, length, tokenDim }, head: others[0] === undefined ? null : toHead(others[0]) };
}

/** Throws as {@link readAdapterTensors} does, and `unprocessable` multitask_shape. */
export const readMultitask = (file: Uint8Array): Multitask => read(file, []);

interface Multitask {
  readonly prompt: MultitaskPrompt;
  readonly sizes: MultitaskSizes;
}

/** @param names of tensors that stand beside */
function read(
  file: Uint8Array,
  names: readonly string[],
): Multitask & { readonly others: readonly AdapterTensor[] } {
  const [shared, columns, rows, ...others] = readAdapterTensors(file, [
    PROMPT_TENSOR,
    COLUMNS,
    ROWS,
    ...names,
  ]);
  const tensors = { shared: shared!, columns: columns!, rows: rows! };
  const sizes = sizesOf(tensors);
  return { prompt: { shared: shared!.values, columns: columns!.values, rows: rows!.values }, sizes, others };
}

/** A float32 file that {@link readMultitask} and PEFT read. */
export function encodeMultitask(
  { shared, columns, rows }: MultitaskPrompt,
  { tasks, ranks, length, tokenDim }: MultitaskSizes,
): Uint8Array {
  const tensor = (name: string, values: Float32Array, shape: readonly number[]) =>
    ({
      name,
      dtype: 'F32',
      shape,
      data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    }) as const;
  return encodeSafetensors([
    tensor(COLUMNS, columns, [tasks, length, ranks]),
    tensor(ROWS, rows, [tasks, ranks, tokenDim]),
    tensor(PROMPT_TENSOR, shared, [length, tokenDim]),
  ]);
}

export interface MultitaskSizes {
  readonly tasks: number;
  readonly ranks: number;
  readonly length: number;
  readonly tokenDim: number;
}

function sizesOf({
  shared,
  columns,
  rows,
}: Record<'shared' | 'columns' | 'rows', AdapterTensor>): MultitaskSizes {
  const [length = 0, tokenDim = 0] = shared.shape;
  const [tasks = 0, , ranks = 0] = columns.shape;
  const expected = [
    [length, tokenDim],
    [tasks, length, ranks],
    [tasks, ranks, tokenDim],
  ];
  const given = [shared.shape, columns.shape, rows.shape];
  const fits = expected.every((shape, i) => shape.join() === given[i]!.join());
  if (!fits || [length, tokenDim, tasks, ranks].includes(0) || ranks > MAX_RANKS) {
    const rule =
      'must have the shapes [rows, token_dim], [tasks, rows, ranks] and [tasks, ranks, token_dim], ' +
      `with at most ${MAX_RANKS} ranks`;
    throw tensorRefusal([PROMPT_TENSOR, COLUMNS, ROWS], 'multitask_shape', rule, expected, given);
  }
  return { tasks, ranks, length, tokenDim };
}

function checkTaskId(taskId: number | undefined, tasks: number): number {
  if (taskId !== undefined && taskId < tasks) return taskId;
  const code = taskId === undefined ? 'task_id_required' : 'task_id_out_of_range';
  const message = `The adapter holds the prompts of ${tasks} tasks: task_id says which of them, 0 to ${tasks - 1}.`;
  throw new DomainError('invalid', code, message, {
    param: 'task_id',
    expected: `0 to ${tasks - 1}`,
    given: taskId ?? 'none',
  });
}

/** The rows [length, token_dim] of one task. */
export function composeTask(
  { shared, columns, rows }: MultitaskPrompt,
  { ranks, length, tokenDim }: MultitaskSizes,
  task: number,
): Float32Array {
  const composed = new Float32Array(length * tokenDim);
  for (let row = 0; row < length; row++) {
    for (let i = 0; i < tokenDim; i++) {
      let factor = 0;
      for (let rank = 0; rank < ranks; rank++) {
        const column = columns[(task * length + row) * ranks + rank]!;
        factor += column * rows[(task * ranks + rank) * tokenDim + i]!;
      }
      composed[row * tokenDim + i] = shared[row * tokenDim + i]! * Math.fround(factor);
    }
  }
  return composed;
}

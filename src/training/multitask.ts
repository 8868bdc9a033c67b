import { type JobSpec, jobTasks } from '../domain/training.ts';
import { composeTask, type MultitaskPrompt, type MultitaskSizes } from '../peft/multitask.ts';
import { normals } from '../peft/random.ts';
import type { Parameterisation } from './parameterisation.ts';

/** Standard deviation of peft.MultitaskPromptEmbedding's factors. */
const FACTOR_DEVIATION = 0.02;

/**
 * Multitask prompt tuning (Wang et al. 2023, section 3): what tasks share, times, element by element, the product of a
 * task's low-rank factors. Parameters are the shared rows, then the columns and the rows of all tasks.
 */
export function multitask(sizes: MultitaskSizes): Parameterisation {
  const { ranks, length, tokenDim } = sizes;
  return {
    promptOf: (parameters, task) => composeTask(splitParameters(parameters, sizes), sizes, task),
    addGradient(parameters, task, gradient, into) {
      const { shared, columns, rows } = splitParameters(parameters, sizes);
      const to = splitParameters(into, sizes);
      const firstColumn = task * length * ranks;
      const firstRow = task * ranks * tokenDim;
      for (let row = 0; row < length; row++) {
        for (let rank = 0; rank < ranks; rank++) {
          const column = firstColumn + row * ranks + rank;
          let sum = 0;
          for (let i = 0; i < tokenDim; i++) {
            const at = row * tokenDim + i;
            const factor = firstRow + rank * tokenDim + i;
            // The product of the factors is a sum over the ranks, and so is the gradient of what they scale.
            to.shared[at]! += gradient[at]! * columns[column]! * rows[factor]!;
            const scaled = gradient[at]! * shared[at]!;
            sum += scaled * rows[factor]!;
            to.rows[factor]! += scaled * columns[column]!;
          }
          to.columns[column]! += sum;
        }
      }
    },
  };
}

/** The sizes of a job of several tasks; null: it learns the prompt of one. */
export function multitaskSizes(spec: JobSpec, tokenDim: number): MultitaskSizes | null {
  const { peft_type, num_virtual_tokens: length, num_ranks: ranks = 1 } = spec.config;
  if (peft_type !== 'MULTITASK_PROMPT_TUNING') return null;
  return { tasks: jobTasks(spec).length, ranks, length, tokenDim };
}

/** Views of the parameters. */
export function splitParameters(
  parameters: Float32Array,
  { tasks, ranks, length, tokenDim }: MultitaskSizes,
): MultitaskPrompt {
  const columns = length * tokenDim;
  const rows = columns + tasks * length * ranks;
  return {
    shared: parameters.subarray(0, columns),
    columns: parameters.subarray(columns, rows),
    rows: parameters.subarray(rows),
  };
}

export function joinParameters({ shared, columns, rows }: MultitaskPrompt): Float32Array {
  const joined = new Float32Array(shared.length + columns.length + rows.length);
  joined.set(shared);
  joined.set(columns, shared.length);
  joined.set(rows, shared.length + columns.length);
  return joined;
}

/**
 * Shared rows with new factors, drawn as peft.MultitaskPromptEmbedding draws them: their product is almost 0, and so are
 * the prompts.
 */
export function withNewFactors(shared: Float32Array, sizes: MultitaskSizes, seed: number): Float32Array {
  const { tasks, ranks, length, tokenDim } = sizes;
  const drawn = normals(tasks * ranks * (length + tokenDim), seed).map((value) => value * FACTOR_DEVIATION);
  const end = tasks * length * ranks;
  return joinParameters({ shared, columns: drawn.subarray(0, end), rows: drawn.subarray(end) });
}

/** The same around a product of 1, of the first rank: the prompt of each task is almost the shared rows. */
export function withFactorsOfOne(shared: Float32Array, sizes: MultitaskSizes, seed: number): Float32Array {
  const { ranks, tokenDim } = sizes;
  const parameters = withNewFactors(shared, sizes, seed);
  const { columns, rows } = splitParameters(parameters, sizes);
  for (let i = 0; i < columns.length; i += ranks) columns[i]! += 1;
  for (let i = 0; i < rows.length; i++) if (i % (ranks * tokenDim) < tokenDim) rows[i]! += 1;
  return parameters;
}

/**
 * The parameters of new tasks from those of others, as peft.MultitaskPromptEmbedding transfers them. Each new task
 * starts with the mean of the sources' factors, or with those of one source.
 * @param source `average`, or which task's
 */
export function withSourceFactors(
  from: MultitaskPrompt,
  sizes: MultitaskSizes,
  source: 'average' | number,
  tasks: number,
): Float32Array {
  const factorsOf = (values: Float32Array): Float32Array => {
    const width = values.length / sizes.tasks;
    const of = (task: number, i: number): number => values[task * width + i]!;
    const meanOf = (i: number): number => {
      let sum = 0;
      for (let task = 0; task < sizes.tasks; task++) sum += of(task, i);
      return sum / sizes.tasks;
    };
    const one = Float32Array.from({ length: width }, (_, i) =>
      source === 'average' ? meanOf(i) : of(source, i),
    );
    return Float32Array.from({ length: tasks * width }, (_, i) => one[i % width]!);
  };
  return joinParameters({
    shared: from.shared,
    columns: factorsOf(from.columns),
    rows: factorsOf(from.rows),
  });
}

import { DomainError } from '../domain/errors.ts';
import { uniformIntegers } from '../peft/random.ts';
import { checkCount, gather, type InitSources, initialRows, type PromptInit } from './initialise.ts';

/** Where learning may start: PEFT's initialisations, the paper's class labels, or another task's prompt. */
export type FirstPrompt =
  | PromptInit
  /** Token ids of each label, without special tokens. */
  | { readonly init: 'CLASS_LABELS'; readonly labels: readonly (readonly number[])[]; readonly seed: number }
  /** Rows of another prompt for the same model, [n, tokenDim]. */
  | { readonly init: 'PROMPT'; readonly rows: Float32Array };

/**
 * The rows [numVirtualTokens, tokenDim] that learning starts from.
 * CLASS_LABELS: a row for each label, the mean of its tokens' embeddings, then rows drawn from the vocabulary
 * (Lester et al. 2021, section 3.2); more labels than rows: the first ones. PROMPT: transfer from another task
 * (SPoT, Vu et al. 2022); the rows are cut or repeated to the number asked for, as TEXT's are.
 * Rejects with `invalid` num_virtual_tokens_out_of_range, init_text_empty, init_labels_empty or init_prompt_shape.
 */
export async function firstPrompt(
  how: FirstPrompt,
  numVirtualTokens: number,
  sources: InitSources,
): Promise<Float32Array> {
  const { model } = sources;
  checkCount(numVirtualTokens, model);
  switch (how.init) {
    case 'CLASS_LABELS':
      return labelRows(how.labels, how.seed, numVirtualTokens, sources);
    case 'PROMPT':
      return repeatRows(how.rows, numVirtualTokens, model.tokenDim);
    default:
      return initialRows(how, numVirtualTokens, sources);
  }
}

async function labelRows(
  labels: readonly (readonly number[])[],
  seed: number,
  count: number,
  sources: InitSources,
): Promise<Float32Array> {
  const { tokenDim, vocabSize } = sources.model;
  // The rows after the labels' are SAMPLE_VOCAB's; the labels then overwrite the first.
  const rows = await gather(uniformIntegers(count, vocabSize, seed), sources);
  for (const [index, ids] of labels.slice(0, count).entries()) {
    if (ids.length === 0) {
      throw new DomainError('invalid', 'init_labels_empty', 'A label has no tokens.', {
        param: 'labels',
        expected: 'at least one token a label',
        given: 0,
      });
    }
    rows.set(meanRow(await gather(ids, sources), tokenDim), index * tokenDim);
  }
  return rows;
}

function meanRow(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width;
  return Float32Array.from({ length: width }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < count; row++) sum += rows[row * width + column]!;
    return sum / count;
  });
}

/** The rows [n, width] cut or repeated to [count, width]. Throws `invalid` init_prompt_shape. */
export function repeatRows(rows: Float32Array, count: number, width: number): Float32Array {
  if (rows.length === 0 || rows.length % width !== 0) {
    throw new DomainError('invalid', 'init_prompt_shape', 'The first prompt belongs to another model.', {
      param: 'init_prompt',
      expected: `rows of ${width} numbers`,
      given: `${rows.length} numbers`,
    });
  }
  return Float32Array.from({ length: count * width }, (_, index) => rows[index % rows.length]!);
}

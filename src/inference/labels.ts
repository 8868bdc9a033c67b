import type { EngineLimits } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { encodeTexts } from './input.ts';

/**
 * Tokens of each label, without special tokens. Throws `unprocessable` no_labels, or invalid_labels when the
 * labels cannot be told apart: fewer than two, one without tokens, or two with the same tokens.
 */
export async function encodeLabels(
  tokenizer: Tokenizer,
  limits: EngineLimits,
  labels: readonly string[] | null,
): Promise<number[][]> {
  if (labels === null) {
    throw new DomainError('unprocessable', 'no_labels', 'Neither the request nor the task names labels.', {
      param: 'labels',
    });
  }
  if (labels.length < 2) throw invalid('Classification needs at least two labels.', labels);
  const encoded = await encodeTexts(tokenizer, limits, labels, { addSpecialTokens: false, param: 'labels' });
  const owners = new Map<string, string>();
  labels.forEach((label, i) => {
    const ids = encoded[i]!;
    if (ids.length === 0) throw invalid(`The label ${JSON.stringify(label)} has no tokens.`, label);
    const key = ids.join();
    const other = owners.get(key);
    if (other !== undefined) {
      const pair = `${JSON.stringify(other)} and ${JSON.stringify(label)}`;
      throw invalid(`The labels ${pair} have the same tokens.`, [other, label]);
    }
    owners.set(key, label);
  });
  return encoded;
}

/** Labels of all inputs of a request together. */
const MOST_ROWS = 65_536;

/** Throws `unprocessable` too_many_rows when there are more pairs of an input and a label than one request may have. */
export function checkRows(inputs: number, labels: number): void {
  const given = inputs * labels;
  if (given <= MOST_ROWS) return;
  throw new DomainError(
    'unprocessable',
    'too_many_rows',
    `${inputs} inputs with ${labels} labels are ${given} rows; a request may have ${MOST_ROWS}.`,
    { param: 'inputs', expected: `at most ${MOST_ROWS} inputs times labels`, given },
  );
}

function invalid(message: string, given: unknown): DomainError {
  return new DomainError('unprocessable', 'invalid_labels', message, {
    param: 'labels',
    expected: 'at least two labels with distinct, non-empty tokens',
    given,
  });
}

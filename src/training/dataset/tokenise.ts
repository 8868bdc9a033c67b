import { contextFault } from '../../domain/context.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Objective, PromptForm } from '../../families/training.ts';
import { type Example, longestContinuation } from '../example.ts';
import type { Dataset } from './dataset.ts';
import type { DataRow } from './rows.ts';

export interface TokeniseOptions {
  /** The text as the task serves it: template applied, special tokens added. */
  readonly encodeInput: (text: string) => readonly number[];
  /** Without special tokens. */
  readonly encodeTarget: (text: string) => readonly number[];
  readonly objective: Objective;
  /** Appended to each target of the objective `tokens`, so that generation learns to end; null: nothing. */
  readonly endToken: number | null;
  readonly promptLength: number;
  readonly contextLength: number;
  /** Of an encoder-decoder model, whose targets have a length of their own; null: they share the context. */
  readonly outputLength: number | null;
  readonly form: PromptForm;
}

/** A row that does not fit into the context and is left out. */
export interface LongRow {
  readonly row: number;
  readonly line: number;
  /** Tokens of prompt, input and longest target, or of that half which is too long. */
  readonly tokens: number;
}

export interface Tokenised {
  readonly examples: readonly Example[];
  /** Every row that was left out; nothing is ever cut. */
  readonly tooLong: readonly LongRow[];
}

/**
 * Rejects with `unprocessable` invalid_labels (two labels with the same tokens, or one without), empty_target,
 * empty_input (behind a prompt of keys and values), objective_needs_labels, and rows_too_long when no row fits into the
 * context.
 */
export function tokeniseDataset(dataset: Dataset, options: TokeniseOptions): Tokenised {
  const continuations = continuationsOf(dataset, options);
  const examples: Example[] = [];
  const tooLong: LongRow[] = [];
  for (const row of dataset.rows) {
    const example = { inputIds: options.encodeInput(row.input), ...continuations(row) };
    if (example.inputIds.length === 0 && options.form === 'keysValues') throw emptyInput(row);
    const use = {
      virtual: options.promptLength,
      input: example.inputIds.length,
      output: longestContinuation(example),
    };
    const fault = contextFault(options, use);
    if (fault === null) examples.push(example);
    else tooLong.push({ row: row.row, line: row.line, tokens: fault.given });
  }
  if (examples.length === 0) {
    throw new DomainError('unprocessable', 'rows_too_long', 'No row fits into the context of the model.', {
      param: 'file',
      expected: `at most ${options.contextLength} tokens with the prompt`,
      given: tooLong.slice(0, 20),
    });
  }
  return { examples, tooLong };
}

/** As serving refuses it: given keys and values predict no token. */
function emptyInput({ line, input }: DataRow): DomainError {
  const message = `The input of line ${line} has no tokens; behind a PREFIX_TUNING prompt it holds at least one.`;
  return new DomainError('unprocessable', 'empty_input', message, {
    param: 'file',
    expected: 'at least one token',
    given: input,
  });
}

type Continuations = (row: DataRow) => Pick<Example, 'continuations' | 'target'>;

function continuationsOf({ kind, labels }: Dataset, options: TokeniseOptions): Continuations {
  const { objective, encodeTarget, endToken } = options;
  if (objective === 'tokens') {
    if (kind === 'classification') encodeLabels(labels, encodeTarget);
    const end = endToken === null ? [] : [endToken];
    return (row) => ({ continuations: [[...encodeNotEmpty(row, encodeTarget), ...end]], target: 0 });
  }
  if (kind !== 'classification') {
    throw new DomainError(
      'unprocessable',
      'objective_needs_labels',
      'The objective over choices needs labels.',
      {
        param: 'objective',
        expected: 'rows of text and label',
        given: kind,
      },
    );
  }
  const encoded = encodeLabels(labels, encodeTarget);
  const index = new Map(labels.map((label, i) => [label, i]));
  return ({ target }) => ({ continuations: encoded, target: index.get(target)! });
}

function encodeNotEmpty({ line, target }: DataRow, encode: TokeniseOptions['encodeTarget']) {
  const ids = encode(target);
  if (ids.length > 0) return ids;
  throw new DomainError('unprocessable', 'empty_target', `The target of line ${line} has no tokens.`, {
    param: 'file',
    expected: 'at least one token',
    given: target,
  });
}

/** Tokens of each label; they must tell the labels apart. */
function encodeLabels(
  labels: readonly string[],
  encode: TokeniseOptions['encodeTarget'],
): readonly (readonly number[])[] {
  const owners = new Map<string, string>();
  return labels.map((label) => {
    const ids = encode(label);
    const other = owners.get(ids.join());
    if (ids.length === 0 || other !== undefined) {
      const shown = JSON.stringify(label);
      throw new DomainError(
        'unprocessable',
        'invalid_labels',
        other === undefined
          ? `The label ${shown} has no tokens.`
          : `The labels ${JSON.stringify(other)} and ${shown} have the same tokens.`,
        {
          param: 'labels',
          expected: 'labels with distinct, non-empty tokens',
          given: other === undefined ? label : [other, label],
        },
      );
    }
    owners.set(ids.join(), label);
    return ids;
  });
}

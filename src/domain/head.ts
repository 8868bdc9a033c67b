import { DomainError } from './errors.ts';
import type { PromptVersion } from './prompt.ts';

/**
 * What stands behind the model in transformers' `...ForSequenceClassification` of decoder-only models: a linear layer
 * without a bias. Its logits are the weight times the hidden state of the last token, behind the final norm.
 */
export interface ClassificationHead {
  readonly numLabels: number;
  /** Float32, row-major [numLabels, token_dim]. */
  readonly weight: Float32Array;
}

/** Labels that a head may have: as many as a task. One is a regression. */
export const HEAD_LABELS = { least: 2, most: 1024 } as const;

/** Where the heads of stored versions come from. */
export interface HeadSource {
  /** Throws `not_found` when the version was deleted. */
  head(version: Pick<PromptVersion, 'sha256'>): ClassificationHead;
}

/** One logit a label, in the order of the head's rows. */
export function headLogits({ numLabels, weight }: ClassificationHead, hidden: Float32Array): number[] {
  const logits: number[] = [];
  for (let label = 0, at = 0; label < numLabels; label++) {
    let sum = 0;
    for (let i = 0; i < hidden.length; i++) sum += weight[at++]! * hidden[i]!;
    logits.push(sum);
  }
  return logits;
}

/** Rows of a head and what they are called. */
export interface HeadRows {
  readonly labels: readonly string[];
  /** Row of each label. */
  readonly rows: readonly number[];
}

/**
 * Rows to choose from. Their names are the task's labels, in the order of the rows, else transformers' LABEL_0,
 * LABEL_1, ...
 * Throws `unprocessable` num_labels_mismatch when the task has another number of labels, and unknown_label.
 * @param asked names of the rows to choose from; null: all
 */
export function headRows(
  numLabels: number,
  taskLabels: readonly string[] | null,
  asked: readonly string[] | null,
): HeadRows {
  const names = taskLabels ?? Array.from({ length: numLabels }, (_, row) => `LABEL_${row}`);
  if (names.length !== numLabels) {
    const message =
      `The task has ${names.length} labels, the classification head ${numLabels} rows: ` +
      'the labels must name the rows in their order.';
    throw new DomainError('unprocessable', 'num_labels_mismatch', message, {
      param: 'labels',
      expected: numLabels,
      given: names.length,
    });
  }
  const rowOfName = new Map(names.map((name, row) => [name, row]));
  const labels = asked ?? names;
  const rows = labels.map((label) => {
    const row = rowOfName.get(label);
    if (row !== undefined) return row;
    const message = `The classification head has no label ${JSON.stringify(label)}.`;
    const details = { param: 'labels', expected: names, given: label };
    throw new DomainError('unprocessable', 'unknown_label', message, details);
  });
  return { labels, rows };
}

/** The refusal of text from a version that was trained for a head. @param name `task@version` */
export function classificationOnly(name: string, param: string): DomainError {
  const message =
    `${name} is a prompt with a classification head (task type SEQ_CLS). It was not trained to predict text: ` +
    'ask it to classify.';
  return new DomainError('unprocessable', 'classification_only', message, {
    param,
    expected: 'a version without a classification head',
    given: name,
  });
}

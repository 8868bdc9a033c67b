import { type Client, succeeded } from './client.ts';
import type { RecordedClassifier } from './head-recordings.ts';
import { logSoftmax, maxDifference } from './numbers.ts';
import type { Finding } from './parity.ts';

/** The part of an answer of `classify` that is compared. */
export interface Classified {
  readonly results: readonly {
    readonly label: string;
    readonly probabilities: Readonly<Record<string, number>>;
  }[];
}

export function classify(client: Client, task: string, body: object): Promise<Classified> {
  return client.ok<Classified>('POST', `/v1/tasks/${task}/classify`, body);
}

export async function uploadClassifier(client: Client, task: string, upload: RecordedClassifier) {
  const query = upload.taskId === null ? '' : `?task_id=${upload.taskId}`;
  const answer = await client.uploadAdapter(task, upload.config, upload.model, query);
  return succeeded(answer, `upload of ${upload.name}`);
}

/** What the rows of its head are called when the task has no labels. */
export function defaultLabels({ numLabels }: RecordedClassifier): string[] {
  return Array.from({ length: numLabels }, (_, row) => `LABEL_${row}`);
}

/** Log-probabilities of one result, in the order of the labels. */
export function logProbabilities({ results }: Classified, at: number, labels: readonly string[]): number[] {
  return labels.map((label) => Math.log(results[at]!.probabilities[label] ?? Number.NaN));
}

/**
 * Uploads a recorded SEQ_CLS adapter as a task and compares log-probabilities with the log softmax of the recorded
 * logits: of each text alone, and of all in one request.
 */
export async function* checkClassifier(
  client: Client,
  classifier: RecordedClassifier,
  tolerance: number,
): AsyncGenerator<Finding> {
  const task = `head-${classifier.name.replaceAll(/[_ ]/g, '-')}`;
  await uploadClassifier(client, task, classifier);
  const labels = defaultLabels(classifier);
  const subject = `SEQ_CLS ${classifier.name}`;
  const { cases } = classifier;
  const together = await classify(client, task, { inputs: cases.map(({ text }) => text) });
  for (const [i, { text, logits }] of cases.entries()) {
    const alone = await classify(client, task, { inputs: [text] });
    for (const [check, answer, at] of [
      ['head, alone', alone, 0],
      ['head, in one request', together, i],
    ] as const) {
      const difference = maxDifference(logProbabilities(answer, at, labels), logSoftmax(logits));
      yield { subject, text, check, difference, tolerance };
    }
  }
}

import { DomainError } from '../domain/errors.ts';
import type { Baseline, EvaluationRequest, RowFiles } from '../domain/evaluation.ts';
import { applyTemplate, type Task } from '../domain/task.ts';
import type { Dataset } from '../training/dataset/dataset.ts';
import type { DataRow } from '../training/dataset/rows.ts';
import { drawExamples, exampleText, tooFewExamples } from './k-shot.ts';
import { LabelNames } from './labels.ts';
import { NaiveBayes } from './naive-bayes.ts';
import type { PreparedRows } from './prepare.ts';
import { readRows } from './read-rows.ts';

/**
 * The text of the drawn examples in front of every input. Rejects like {@link readRows}, with `invalid`
 * examples_required, and with `unprocessable` examples_of_another_kind or too_few_examples.
 */
export async function prepareExamples(
  request: EvaluationRequest,
  task: Pick<Task, 'template'>,
  data: PreparedRows,
  files: RowFiles,
): Promise<string> {
  const rows = await readExamples(request, 'k_shot', data, files);
  const evaluated = new Set(data.rows.map(({ input }) => input));
  const { shots, seed } = request;
  const drawn = drawExamples(rows, { shots, seed, labels: data.labels, evaluated });
  return exampleText(drawn, (text) => applyTemplate(task.template, text));
}

/**
 * What the words of the examples say about the labels; examples that are evaluated themselves do not count. Rejects like
 * {@link prepareExamples}, and with `unprocessable` labels_required for rows of completions.
 */
export async function learnWords(
  request: EvaluationRequest,
  data: PreparedRows,
  files: RowFiles,
): Promise<NaiveBayes> {
  const { kind, labels } = data;
  if (kind === 'generation') {
    throw new DomainError('unprocessable', 'labels_required', 'The baseline "naive_bayes" needs labels.', {
      param: 'baselines',
      expected: 'rows of text and label',
      given: 'rows of prompt and completion',
    });
  }
  const evaluated = new Set(data.rows.map(({ input }) => input));
  const rows = (await readExamples(request, 'naive_bayes', data, files)).filter(
    ({ input }) => !evaluated.has(input),
  );
  const given = new Set(rows.map(({ target }) => target));
  const missing = labels.find((label) => !given.has(label));
  if (missing !== undefined) throw tooFewExamples(missing, 1, 0);
  return NaiveBayes.learn(rows, labels);
}

async function readExamples(
  request: EvaluationRequest,
  baseline: Baseline,
  { kind, labels }: PreparedRows,
  files: RowFiles,
): Promise<readonly DataRow[]> {
  if (request.examples === null) {
    throw new DomainError('invalid', 'examples_required', `The baseline "${baseline}" needs examples.`, {
      param: 'examples',
      expected: 'labelled rows',
      given: 'nothing',
    });
  }
  const names = kind === 'classification' ? new LabelNames(labels) : null;
  const accepted = names?.accepted ?? null;
  const data: Dataset = await readRows(request.examples, accepted, files, request.caller).catch(
    namingExamples,
  );
  if ((data.kind === 'classification') !== (kind === 'classification')) {
    const message = 'The examples are of another kind than the rows.';
    throw new DomainError('unprocessable', 'examples_of_another_kind', message, {
      param: 'examples',
      expected: kind,
      given: data.kind,
    });
  }
  return names === null ? data.rows : data.rows.map(names.resolve);
}

/** Says in which of the two files a problem is. */
function namingExamples(error: unknown): never {
  if (!(error instanceof DomainError)) throw error;
  const { kind, code, message, expected, given } = error;
  throw new DomainError(kind, code, message, { param: 'examples', expected, given, cause: error });
}

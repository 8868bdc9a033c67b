import type { ModelInfo } from '../../domain/model.ts';
import { promptForm } from '../../domain/prompt.ts';
import { readPromptFile } from '../../peft/prompt-file.ts';
import { assertPrefixFits, assertTensorFits } from '../../prompts/model-checks.ts';
import type { Example } from '../example.ts';
import { type FrozenModel, LossModel, type LossModelOptions } from '../model.ts';
import { type Score, Validation } from '../validation.ts';
import type { PreparedJob } from './prepare.ts';
import type { PromptContent } from './protocol.ts';

/** The score of a version that serves a task, on its validation rows. Null: there are none, or it cannot read one. */
export async function scoreIncumbent(
  { peftType, file }: PromptContent,
  task: number,
  job: PreparedJob,
  frozen: FrozenModel,
  model: ModelInfo,
  place: Pick<LossModelOptions, 'threads' | 'device'>,
): Promise<Score | null> {
  const form = promptForm(peftType);
  const examples = validationRows(job, task);
  const readable = form === 'rows' || examples.every(({ inputIds }) => inputIds.length > 0);
  if (examples.length === 0 || !readable) return null;
  const tensor = readPromptFile(file);
  if (form === 'keysValues') assertPrefixFits(tensor, model);
  else assertTensorFits(tensor, model);
  const layout = { ...job.layout, form, promptLength: tensor.length };
  const evaluator = await LossModel.evaluating(frozen, { objective: layout.objective, form, ...place });
  try {
    const validation = new Validation(evaluator, examples, layout, job.run.training.batchSize);
    return await validation.score(tensor.rows);
  } finally {
    await evaluator.release();
  }
}

/** The rows that a task is validated on. */
export const validationRows = ({ validation }: PreparedJob, task: number): readonly Example[] =>
  validation.filter((example) => example.task === task);

import { encodePromptFile } from '../../peft/prompt-file.ts';
import { epochBatches } from '../batches.ts';
import { packedLength } from '../example.ts';
import type { Parameterisation } from '../parameterisation.ts';
import type { TrainingEvent } from '../run.ts';
import type { Trainer } from '../trainer.ts';
import { type Evaluator, type Score, Validation } from '../validation.ts';
import { validationRows } from './compare.ts';
import type { PreparedJob } from './prepare.ts';
import type { LearnedPrompt, Outcome } from './protocol.ts';

export interface OutcomeParts {
  readonly trainer: Trainer;
  readonly job: PreparedJob;
  readonly parameterisation: Parameterisation;
  /** Null: there is nothing to validate on. */
  readonly evaluator: Evaluator | null;
  /** Numbers of one row of a prompt. */
  readonly rowWidth: number;
}

/** What a run has come to. */
export async function outcomeOf(
  { reason, detail, keptStep }: TrainingEvent & { type: 'stopped' },
  parts: OutcomeParts,
): Promise<Outcome> {
  const { best, step } = parts.trainer.state;
  // Without a validated prompt there is no telling which of the steps before was still good.
  const worthless = reason === 'diverged' && best === null;
  return {
    reason,
    detail,
    lastStep: step,
    step: keptStep,
    prompts: worthless ? null : await learnedPrompts(parts),
    trainedTokens: trainedTokens(parts.job, step),
  };
}

async function learnedPrompts(parts: OutcomeParts): Promise<LearnedPrompt[]> {
  const { trainer, job, parameterisation, rowWidth } = parts;
  const prompts: LearnedPrompt[] = [];
  for (const [task, labels] of job.labels.entries()) {
    const rows = parameterisation.promptOf(trainer.result, task);
    const prompt = encodePromptFile({ rows, length: rows.length / rowWidth, tokenDim: rowWidth });
    prompts.push({ prompt, labels, score: await scoreOf(rows, task, parts) });
  }
  return prompts;
}

/** The score of one task, which the score of the run is only for a task that is alone. */
async function scoreOf(
  prompt: Float32Array,
  task: number,
  { trainer, job, evaluator }: OutcomeParts,
): Promise<Score | null> {
  const { best } = trainer.state;
  if (job.labels.length === 1 || evaluator === null || best === null) return best?.score ?? null;
  const examples = validationRows(job, task);
  if (examples.length === 0) return null;
  return new Validation(evaluator, examples, job.layout, job.run.training.batchSize).score(prompt);
}

/** Tokens of the rows of all updates, without prompt and padding. Counted from the order, so that a resume counts all. */
function trainedTokens({ examples, run }: PreparedJob, steps: number): number {
  const lengths = examples.map(packedLength);
  let [tokens, left] = [0, steps];
  for (let epoch = 0; left > 0; epoch++) {
    const batches = epochBatches(lengths, run.training, epoch).slice(0, left);
    for (const rows of batches) tokens += rows.reduce((sum, row) => sum + lengths[row]!, 0);
    left -= batches.length;
  }
  return tokens;
}

import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import {
  type Hyperparameters,
  type JobRequest,
  jobTasks,
  type LearningConfig,
  SOURCE_INITIALISATIONS,
  type TrainingJob,
} from '../../domain/training.ts';
import type { TrainingStore } from '../../domain/training-store.ts';
import { MAX_RANKS } from '../../peft/multitask.ts';
import { learningConfig, MAX_PROMPT_NUMBERS } from './learning-config.ts';

/**
 * The multitask job that `init_from` names, or null. Throws `not_found` job_not_found, and `unprocessable`
 * init_from_method, model_mismatch and init_from_unfinished.
 */
export function sourceJobOf(
  store: Pick<TrainingStore, 'getJob'>,
  id: string | null,
  model: ModelInfo,
): TrainingJob | null {
  if (id === null) return null;
  const job = store.getJob(id);
  if (job === null) {
    throw new DomainError('not_found', 'job_not_found', 'There is no job to start from.', {
      param: 'init_from',
      expected: 'the id of a job of multitask_prompt_tuning',
      given: id,
    });
  }
  const { spec, result } = job;
  const refuse = (code: string, expected: string, given: string): DomainError =>
    new DomainError('unprocessable', code, `The job ${id} has nothing to start from.`, {
      param: 'init_from',
      expected,
      given,
    });
  if (spec.config.peft_type !== 'MULTITASK_PROMPT_TUNING')
    throw refuse('init_from_method', 'MULTITASK_PROMPT_TUNING', spec.config.peft_type);
  if (spec.modelHash !== model.hash) throw refuse('model_mismatch', model.hash, spec.modelHash);
  if (result === null) throw refuse('init_from_unfinished', 'a job with a result', job.status);
  return job;
}

/**
 * The configuration of a multitask job, sizes left out being those of the source. Throws as learningConfig does, and
 * `invalid` init_source, num_tasks_mismatch, num_ranks_out_of_range, prompt_too_large, source_size_mismatch, init_task_out_of_range and
 * max_row_norm_unsupported.
 */
export function multitaskLearning(
  request: JobRequest,
  source: TrainingJob | null,
  { max_row_norm }: Hyperparameters,
  model: ModelInfo,
): LearningConfig {
  const tasks = 1 + request.otherTasks.length;
  const from = source?.spec.config;
  const { num_ranks = from?.num_ranks ?? 1, prompt_tuning_init_task, ...rest } = request.config;
  const num_tasks = request.config.num_tasks ?? tasks;
  // Rows of a decoder of its own, which PEFT's default gives an encoder-decoder model, are not served.
  const sizes = {
    num_transformer_submodules: 1,
    ...(from && { num_virtual_tokens: from.num_virtual_tokens }),
    ...rest,
  };
  const parsed = learningConfig({ ...request, config: { ...sizes, num_ranks } }, model);
  check('num_tasks_mismatch', 'num_tasks', num_tasks === tasks, tasks, num_tasks);
  const ranks = Number(num_ranks);
  check('num_ranks_out_of_range', 'num_ranks', ranks <= MAX_RANKS, `1 to ${MAX_RANKS}`, ranks);
  const length = parsed.num_virtual_tokens;
  const numbers = length * model.tokenDim + tasks * ranks * (length + model.tokenDim);
  check('prompt_too_large', 'num_ranks', numbers <= MAX_PROMPT_NUMBERS, MAX_PROMPT_NUMBERS, numbers);
  // The length of a row of the prompt is the product of what is learned, and not itself learned.
  check('max_row_norm_unsupported', 'max_row_norm', max_row_norm === 'auto', 'auto', max_row_norm);
  const init = parsed.prompt_tuning_init;
  const takes = init === 'auto' ? source !== null : SOURCE_INITIALISATIONS.some((name) => name === init);
  const expected = source === null ? 'init_from with it' : SOURCE_INITIALISATIONS;
  check('init_source', 'prompt_tuning_init', takes === (source !== null), expected, init);
  const config = { ...parsed, num_ranks: ranks };
  if (source === null || from === undefined) return config;
  const given = [length, ranks];
  const wanted = [from.num_virtual_tokens, from.num_ranks];
  check('source_size_mismatch', 'init_from', given.join() === wanted.join(), wanted, given);
  const task = Number(prompt_tuning_init_task ?? 0);
  const sources = jobTasks(source.spec).length;
  check('init_task_out_of_range', 'prompt_tuning_init_task', task < sources, `0 to ${sources - 1}`, task);
  return {
    ...config,
    prompt_tuning_init: init === 'auto' ? 'AVERAGE_SOURCE_TASKS' : init,
    prompt_tuning_init_task: task,
  };
}

function check(code: string, param: string, holds: boolean, expected: unknown, given: unknown): void {
  if (holds) return;
  const message = `${param}: expected ${Array.isArray(expected) ? expected.join(', ') : expected}, given ${given}.`;
  throw new DomainError('invalid', code, message, { param, expected, given });
}

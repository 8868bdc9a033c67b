import { randomInt } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import { assertNotModelId, assertTaskName } from '../../domain/task.ts';
import type {
  Hyperparameters,
  JobRequest,
  JobSpec,
  JobTask,
  TaskRequest,
  TrainingFile,
} from '../../domain/training.ts';
import type { TrainingStore } from '../../domain/training-store.ts';
import type { TaskLookups } from '../../domain/visibility.ts';
import { initialPromptOf } from './initial-prompt.ts';
import { learningConfig } from './learning-config.ts';
import { multitaskLearning, sourceJobOf } from './multitask-config.ts';

/** Of a job that says nothing. */
export const DEFAULT_HYPERPARAMETERS: Hyperparameters = {
  n_epochs: 'auto',
  batch_size: 'auto',
  learning_rate: 'auto',
  learning_rate_multiplier: 'auto',
  max_steps: 'auto',
  optim: 'auto',
  lr_scheduler_type: 'auto',
  warmup_steps: 'auto',
  weight_decay: 'auto',
  max_grad_norm: 'auto',
  max_row_norm: 'auto',
  objective: 'auto',
  eval_steps: 'auto',
  save_steps: 'auto',
  logging_steps: 'auto',
  early_stopping_patience: 'auto',
  validation_split: 'auto',
  activate: 'auto',
  init_from: null,
};

export interface SpecificationParts {
  readonly store: Pick<TrainingStore, 'getFile' | 'getJob'>;
  readonly tasks: TaskLookups;
  readonly model: ModelInfo;
}

/** Checks a request against model, files and tasks, and fixes what must not change while the job waits. */
export function specify({ store, tasks, model }: SpecificationParts, request: JobRequest): JobSpec {
  if (request.model !== model.id) {
    throw new DomainError(
      'not_found',
      'model_not_found',
      `There is no base model ${JSON.stringify(request.model)}.`,
      {
        param: 'model',
        expected: model.id,
        given: request.model,
      },
    );
  }
  const parts = { store, tasks, model };
  const { task, training } = specifyTask(parts, request);
  const others = request.otherTasks.map((other) => specifyTask(parts, other).task);
  assertDistinct([task, ...others]);
  const hyperparameters = { ...DEFAULT_HYPERPARAMETERS, ...request.hyperparameters };
  assertOneStart(request, training);
  const isMultitask = request.peftType === 'MULTITASK_PROMPT_TUNING';
  const source = isMultitask ? sourceJobOf(store, hyperparameters.init_from, model) : null;
  const config = isMultitask
    ? multitaskLearning(request, source, hyperparameters, model)
    : learningConfig(request, model);
  const initial = isMultitask
    ? null
    : initialPromptOf(tasks, hyperparameters.init_from, config.peft_type, model);
  return {
    ...task,
    otherTasks: others,
    model: model.id,
    modelHash: model.hash,
    seed: request.seed ?? randomInt(2 ** 31),
    config,
    hyperparameters,
    sourceJob: source?.id ?? null,
    initialPrompt: initial?.sha256 ?? null,
    initialPromptType: initial?.peftType ?? null,
    metadata: request.metadata,
  };
}

/** One of the tasks, with what is known of its rows. */
function specifyTask(
  { store, tasks, model }: SpecificationParts,
  request: TaskRequest,
): { readonly task: JobTask; readonly training: TrainingFile } {
  assertTaskName(request.task);
  assertNotModelId(request.task, model.id);
  const training = fileOf(store, request.trainingFile, 'training_file');
  const validation =
    request.validationFile === null ? null : fileOf(store, request.validationFile, 'validation_file');
  assertSameKind(training, validation);
  const known = tasks.getTask(request.task);
  const task = {
    task: request.task,
    trainingFile: referenceTo(training),
    validationFile: validation && referenceTo(validation),
    template: known === null ? defaultTemplate(training) : known.template,
    labels: training.kind === 'classification' ? (known?.labels ?? null) : null,
  };
  return { task, training };
}

function assertDistinct(tasks: readonly JobTask[]): void {
  const names = tasks.map(({ task }) => task);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return;
  throw new DomainError('invalid', 'task_repeated', 'Each task of a job gets one prompt.', {
    param: 'suffix',
    expected: 'tasks of different names',
    given: repeated,
  });
}

const referenceTo = ({ id, sha256, format }: TrainingFile) => ({ id, sha256, format });

function fileOf(store: SpecificationParts['store'], id: string, param: string): TrainingFile {
  const file = store.getFile(id);
  if (file !== null) return file;
  throw new DomainError(
    'not_found',
    'file_not_found',
    `There is no file ${JSON.stringify(id.slice(0, 80))}.`,
    {
      param,
      given: id.slice(0, 80),
    },
  );
}

function assertSameKind(training: TrainingFile, validation: TrainingFile | null): void {
  if (validation === null || validation.kind === training.kind) return;
  throw new DomainError('unprocessable', 'file_kinds_differ', 'The two files have rows of different kinds.', {
    param: 'validation_file',
    expected: training.kind,
    given: validation.kind,
  });
}

/** Where learning starts must be said once, and be there. */
function assertOneStart({ peftType, config, hyperparameters }: JobRequest, { kind }: TrainingFile): void {
  const init = config.prompt_tuning_init;
  const anew = init ?? config.prompt_tuning_init_text ?? null;
  // Of several tasks the one says what is taken of the other.
  const both = peftType !== 'MULTITASK_PROMPT_TUNING';
  if (both && anew !== null && (hyperparameters.init_from ?? null) !== null) {
    throw new DomainError('invalid', 'init_conflict', 'Learning starts from a prompt or anew, not both.', {
      param: 'init_from',
      expected: 'either init_from or prompt_tuning_init and its text',
      given: anew,
    });
  }
  if (init !== 'CLASS_LABELS' || kind === 'classification') return;
  throw new DomainError(
    'unprocessable',
    'init_needs_labels',
    'The initialisation CLASS_LABELS needs labels.',
    {
      param: 'prompt_tuning_init',
      expected: 'rows of text and label',
      given: kind,
    },
  );
}

/** A label that does not begin with a space goes on a line of its own, where a tokenizer would expect it. */
function defaultTemplate({ kind, labels }: TrainingFile): string | null {
  const separated = kind === 'completion' || labels.every((label) => /^\s/.test(label));
  return separated ? null : '{text}\n';
}

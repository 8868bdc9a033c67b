import { type Command, Option } from 'commander';
import {
  ACTIVATIONS,
  type Hyperparameters,
  INITIALISATIONS,
  LEARNED_TYPES,
  type LearningConfig,
  OBJECTIVES,
  OPTIMISERS,
  SCHEDULES,
  SOURCE_INITIALISATIONS,
} from '../domain/training.ts';
import { parseInteger, parseNumber, parsePositiveInteger } from './options.ts';

/** What a method of a job consists of, in the API's names; JSON leaves undefined values out. */
interface Method {
  readonly type: string;
  /** Under the name of the type. */
  readonly [settings: string]: MethodSettings | string;
}

interface MethodSettings {
  readonly config: { readonly [Name in keyof LearningConfig]?: unknown };
  readonly hyperparameters: { readonly [Name in keyof Hyperparameters]?: unknown };
  readonly other_tasks?: readonly OtherTask[];
}

/** A task that shares the prompt, with the id of its rows. */
export interface OtherTask {
  readonly suffix: string;
  readonly training_file: string;
}

const INITS = [...INITIALISATIONS, ...SOURCE_INITIALISATIONS];
const METHODS: readonly string[] = LEARNED_TYPES.map((type) => type.toLowerCase());
const DEFAULT_METHOD = 'prompt_tuning';

/** Options that decide what is learned. What is left out is chosen by the server. */
export function addTrainingOptions(command: Command): Command {
  return command
    .addOption(
      choice(
        '--method <name>',
        'what is learned: rows, keys and values, or rows that tasks share',
        METHODS,
      ).default(DEFAULT_METHOD),
    )
    .option('--ranks <n>', 'of the factors of multitask_prompt_tuning (default: 1)', parsePositiveInteger)
    .option('--virtual-tokens <n>', 'rows of the prompt (default: 20)', parsePositiveInteger)
    .addOption(choice('--init <how>', 'first rows (default: CLASS_LABELS, or SAMPLE_VOCAB)', INITS))
    .option('--init-text <text>', 'text whose embeddings are the first rows (implies --init TEXT)')
    .option('--init-from <task>', 'start from the prompt of task or task@version, or (multitask) from a job')
    .option('--epochs <n>', 'passes over the rows (default: about 400 steps)', parsePositiveInteger)
    .option('--steps <n>', 'updates; wins over --epochs', parsePositiveInteger)
    .option('--batch-size <n>', 'rows of an update (default: 16)', parsePositiveInteger)
    .option('--learning-rate <x>', 'highest rate (default: by method and model)', parseNumber)
    .addOption(choice('--schedule <how>', 'of the rate, after the warm-up (default: linear)', SCHEDULES))
    .option('--warmup-steps <n>', 'updates over which the rate rises (default: a twentieth)', parseInteger)
    .addOption(choice('--optimizer <name>', 'optimiser (default: adamw)', OPTIMISERS))
    .option('--weight-decay <x>', "0 to 1 (default: the optimiser's)", parseNumber)
    .addOption(
      choice(
        '--objective <what>',
        "loss over the label's tokens, or over all labels (default: choices where there are labels)",
        OBJECTIVES,
      ),
    )
    .option(
      '--validation-split <part>',
      'part of the rows held out without --validation, 0 to 0.9 (default: a tenth from 40 rows on)',
      parseNumber,
    )
    .option('--eval-steps <n>', 'updates between validations (default: a tenth)', parsePositiveInteger)
    .option('--patience <n>', 'validations without a better score before the end; 0: all steps', parseInteger)
    .addOption(
      choice(
        '--activate <when>',
        'whether the result serves; auto: if at least as good as the active version (default: auto)',
        ACTIVATIONS,
      ),
    )
    .option('--seed <n>', 'same seed, same result (default: drawn)', parseInteger);
}

/** The `method` of a job from the options. */
export function methodOf(options: Readonly<Record<string, unknown>>, others: readonly OtherTask[]): Method {
  const type = String(options.method);
  return {
    type,
    [type]: {
      config: {
        num_virtual_tokens: options.virtualTokens,
        num_ranks: options.ranks,
        prompt_tuning_init: options.init,
        prompt_tuning_init_text: options.initText,
      },
      hyperparameters: {
        init_from: options.initFrom,
        n_epochs: options.epochs,
        max_steps: options.steps,
        batch_size: options.batchSize,
        learning_rate: options.learningRate,
        lr_scheduler_type: options.schedule,
        warmup_steps: options.warmupSteps,
        optim: options.optimizer,
        weight_decay: options.weightDecay,
        objective: options.objective,
        validation_split: options.validationSplit,
        eval_steps: options.evalSteps,
        early_stopping_patience: options.patience,
        activate: options.activate,
      },
      ...(others.length > 0 && { other_tasks: others }),
    },
  };
}

const choice = (flags: string, description: string, values: readonly string[]): Option =>
  new Option(flags, description).choices(values);

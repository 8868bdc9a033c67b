import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isEncoderDecoder } from '../../src/families/index.ts';
import type { Objective, PromptForm } from '../../src/families/training.ts';
import { promptWidth } from '../../src/families/training-prompt.ts';
import { parseSafetensors } from '../../src/formats/safetensors.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';
import { importModel } from '../../src/model/import.ts';
import { readMultitask } from '../../src/peft/multitask.ts';
import { readPromptFile } from '../../src/peft/prompt-file.ts';
import { type BatchLayout, packBatch, packBatches } from '../../src/training/batch.ts';
import type { Example } from '../../src/training/example.ts';
import { type FrozenModel, LossModel } from '../../src/training/model.ts';
import { joinParameters, multitask } from '../../src/training/multitask.ts';
import { adamW } from '../../src/training/optimisers/adamw.ts';
import { DIRECT, type Parameterisation } from '../../src/training/parameterisation.ts';
import { readIndex } from './recordings.ts';

/** Families with recordings of training. */
export const TRAINED_FAMILIES: readonly string[] = [
  'llama',
  'llama3',
  'mistral',
  'qwen2',
  'gpt2',
  'phi3',
  'qwen3',
  'gemma3',
  't5',
  't5v11',
];

/** What PEFT computed for one adapter on a right-padded batch; labels of -100 are ignored. */
export interface RecordedTraining {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  readonly labels: readonly (readonly number[])[];
  /** Of each row, where the adapter holds several tasks. */
  readonly task_ids?: readonly number[];
  readonly loss: number;
  /** d loss / d prompt, row-major; of several tasks d loss / d shared rows, columns and rows. */
  readonly grad: readonly number[];
  readonly adamw: {
    readonly lr: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weight_decay: number;
    /** The loss before each step. */
    readonly losses: readonly number[];
    readonly prompt_after: readonly number[];
  };
}

/** The cross-entropy over the log-likelihoods of the labels. */
export interface RecordedChoices {
  readonly rows: readonly {
    readonly input_ids: readonly number[];
    readonly continuations: readonly (readonly number[])[];
    readonly target: number;
  }[];
  readonly loss: number;
  readonly log_likelihoods: readonly (readonly number[])[];
  readonly grad: readonly number[];
}

export interface TrainingFinding {
  readonly adapter: string;
  readonly check: string;
  readonly difference: number;
  readonly tolerance: number;
}

interface CasesFile {
  readonly adapters: Readonly<
    Record<
      string,
      { readonly dir: string; readonly train?: RecordedTraining; readonly choices?: RecordedChoices }
    >
  >;
}

/**
 * Every recorded training of one family, from `file` in its folder. Losses are compared absolutely, gradients and
 * prompts relatively to their largest element.
 */
export async function checkTraining(root: string, family: string, file: string): Promise<TrainingFinding[]> {
  const index = await readIndex(root);
  const directory = join(root, family);
  const { adapters } = JSON.parse(await readFile(join(directory, file), 'utf8')) as CasesFile;
  const target = join(await mkdtemp(join(tmpdir(), 'softprompt-training-')), 'bundle');
  try {
    const bundle = await importModel({
      source: join(directory, 'model'),
      target,
      id: family,
      precision: 'float32',
    });
    const model: FrozenModel = {
      config: bundle.manifest.config,
      weights: await readFrozenWeights(bundle),
      folder: target,
    };
    const findings: TrainingFinding[] = [];
    for (const [adapter, { dir, train, choices }] of Object.entries(adapters)) {
      const start = await readStart(join(directory, dir), FORMS[adapter] ?? 'rows', model);
      const found = [
        ...(train === undefined ? [] : await checkTokens(model, start, train, index.tolerance)),
        ...(choices === undefined ? [] : await checkChoices(model, start, choices, index.tolerance)),
      ];
      findings.push(...found.map((finding) => ({ adapter, ...finding })));
    }
    return findings;
  } finally {
    await rm(join(target, '..'), { recursive: true, force: true });
  }
}

async function readStart(directory: string, form: PromptForm, { config }: FrozenModel): Promise<Start> {
  const file = await readFile(join(directory, 'adapter_model.safetensors'));
  if (parseSafetensors(file).tensors.length > 1) {
    const { prompt, sizes } = readMultitask(file);
    return { parameters: joinParameters(prompt), parameterisation: multitask(sizes), form };
  }
  const { rows } = readPromptFile(file);
  // The rows that are read: an adapter for an encoder-decoder model may hold as many others.
  const { num_virtual_tokens: length } = JSON.parse(
    await readFile(join(directory, 'adapter_config.json'), 'utf8'),
  ) as { num_virtual_tokens: number };
  return { parameters: rows.slice(0, length * promptWidth(config, form)), parameterisation: DIRECT, form };
}

type Tolerance = Awaited<ReturnType<typeof readIndex>>['tolerance'];

type Finding = Omit<TrainingFinding, 'adapter'>;

/** Where the recorded training starts. */
interface Start {
  readonly parameters: Float32Array;
  readonly parameterisation: Parameterisation;
  readonly form: PromptForm;
}

/** Of adapters that are no rows. */
const FORMS: Readonly<Record<string, PromptForm>> = { prefix: 'keysValues' };

const layoutOf = ({ config }: FrozenModel, start: Start, objective: Objective): BatchLayout => ({
  promptLength: start.parameterisation.promptOf(start.parameters, 0).length / promptWidth(config, start.form),
  contextLength: config.contextLength,
  slidingWindow: config.slidingWindow,
  objective,
  form: start.form,
  startTokenId: isEncoderDecoder(config) ? config.decoderStartTokenId : null,
});

async function checkChoices(
  frozen: FrozenModel,
  start: Start,
  recorded: RecordedChoices,
  tolerance: Tolerance,
): Promise<Finding[]> {
  const examples = recorded.rows.map(({ input_ids: inputIds, continuations, target }) => ({
    inputIds,
    continuations,
    target,
  }));
  const model = await LossModel.differentiating(frozen, {
    objective: 'choices',
    form: start.form,
    threads: 1,
  });
  const { loss, logLikelihoods, gradient } = await model.run(
    start.parameters,
    packBatch(examples, layoutOf(frozen, start, 'choices')),
  );
  await model.release();
  return [
    {
      check: 'choices: loss',
      difference: Math.abs(loss - recorded.loss),
      tolerance: tolerance.loglik_abs,
    },
    {
      check: 'choices: log-likelihoods',
      difference: largest([...logLikelihoods], recorded.log_likelihoods.flat()),
      tolerance: tolerance.loglik_abs,
    },
    {
      check: 'choices: gradient',
      difference: relative(gradient, recorded.grad),
      tolerance: tolerance.grad_rel,
    },
  ];
}

async function checkTokens(
  frozen: FrozenModel,
  start: Start,
  train: RecordedTraining,
  tolerance: Tolerance,
): Promise<Finding[]> {
  const model = await LossModel.differentiating(frozen, {
    objective: 'tokens',
    form: start.form,
    threads: 1,
  });
  const examples = isEncoderDecoder(frozen.config) ? encoderExamplesOf(train) : examplesOf(train);
  const batches = packBatches(examples, layoutOf(frozen, start, 'tokens'));
  const { parameterisation } = start;
  const { lr, betas, eps, weight_decay, losses, prompt_after } = train.adamw;
  const optimiser = adamW({ beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay: weight_decay });
  let state = { parameters: start.parameters, slots: optimiser.init(start.parameters.length) };
  const ours: number[] = [];
  let first: Float32Array | null = null;
  for (let step = 0; step < losses.length; step++) {
    let loss = 0;
    const gradient = new Float32Array(state.parameters.length);
    for (const batch of batches) {
      const part = await model.run(parameterisation.promptOf(state.parameters, batch.task), batch);
      loss += part.loss;
      parameterisation.addGradient(state.parameters, batch.task, part.gradient, gradient);
    }
    first ??= gradient;
    ours.push(loss);
    state = optimiser.update({ ...state, gradient, step, learningRate: lr });
  }
  await model.release();
  return [
    { check: 'loss', difference: Math.abs(ours[0]! - train.loss), tolerance: tolerance.logits_abs },
    { check: 'gradient', difference: relative(first!, train.grad), tolerance: tolerance.grad_rel },
    { check: 'losses of 10 AdamW steps', difference: largest(ours, losses), tolerance: tolerance.logits_abs },
    {
      check: 'prompt after 10 AdamW steps',
      difference: relative(state.parameters, prompt_after),
      tolerance: tolerance.grad_rel,
    },
  ];
}

/** The recorded rows without their padding, split where the labels begin. */
function examplesOf({ input_ids, attention_mask, labels, task_ids }: RecordedTraining): Example[] {
  return input_ids.map((ids, row) => {
    const length = attention_mask[row]!.reduce((a, b) => a + b, 0);
    const start = labels[row]!.findIndex((id) => id !== -100);
    const task = task_ids?.[row] ?? 0;
    return { inputIds: ids.slice(0, start), continuations: [ids.slice(start, length)], target: 0, task };
  });
}

/** The recorded rows and labels of an encoder-decoder model, without their padding. */
function encoderExamplesOf({ input_ids, attention_mask, labels }: RecordedTraining): Example[] {
  return input_ids.map((ids, row) => ({
    inputIds: ids.slice(
      0,
      attention_mask[row]!.reduce((a, b) => a + b, 0),
    ),
    continuations: [labels[row]!.filter((id) => id !== -100)],
    target: 0,
  }));
}

/** Largest difference over the largest expected magnitude; rows that PEFT keeps beside those that are read stand last. */
function relative(given: ArrayLike<number>, expected: readonly number[]): number {
  const read = expected.slice(0, given.length);
  return largest(Array.from(given), read) / Math.max(...read.map(Math.abs));
}

const largest = (given: readonly number[], expected: readonly number[]): number =>
  given.length === expected.length
    ? Math.max(...expected.map((value, i) => Math.abs(value - given[i]!)))
    : Number.NaN;

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isEncoderDecoder } from '../../src/families/index.ts';
import type { Objective, PromptForm } from '../../src/families/training.ts';
import { promptWidth } from '../../src/families/training-prompt.ts';
import { parseSafetensors, tensorBytes, toFloat32 } from '../../src/formats/safetensors.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';
import { importModel } from '../../src/model/import.ts';
import { type BatchLayout, packBatch } from '../../src/training/batch.ts';
import type { Example } from '../../src/training/example.ts';
import { type FrozenModel, LossModel } from '../../src/training/model.ts';
import { adamW } from '../../src/training/optimisers/adamw.ts';
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
  readonly loss: number;
  /** d loss / d prompt, row-major. */
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
      const prompt = await readPrompt(join(directory, dir), model);
      const start: Start = { prompt, form: FORMS[adapter] ?? 'rows' };
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

/** The rows that are read: an adapter for an encoder-decoder model may hold as many others. */
async function readPrompt(directory: string, { config }: FrozenModel): Promise<Float32Array> {
  const file = await readFile(join(directory, 'adapter_model.safetensors'));
  const header = parseSafetensors(file);
  const entry = header.tensors.find(({ name }) => name === 'prompt_embeddings')!;
  const values = toFloat32(tensorBytes(file, header, entry), entry.dtype);
  if (!isEncoderDecoder(config)) return values;
  const { num_virtual_tokens: rows } = JSON.parse(
    await readFile(join(directory, 'adapter_config.json'), 'utf8'),
  ) as { num_virtual_tokens: number };
  return values.slice(0, rows * config.hiddenSize);
}

type Tolerance = Awaited<ReturnType<typeof readIndex>>['tolerance'];

type Finding = Omit<TrainingFinding, 'adapter'>;

/** Where the recorded training starts. */
interface Start {
  readonly prompt: Float32Array;
  readonly form: PromptForm;
}

/** Of adapters that are no rows. */
const FORMS: Readonly<Record<string, PromptForm>> = { prefix: 'keysValues' };

const layoutOf = ({ config }: FrozenModel, { prompt, form }: Start, objective: Objective): BatchLayout => ({
  promptLength: prompt.length / promptWidth(config, form),
  contextLength: config.contextLength,
  slidingWindow: config.slidingWindow,
  objective,
  form,
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
    start.prompt,
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
  const batch = packBatch(examples, layoutOf(frozen, start, 'tokens'));
  const { lr, betas, eps, weight_decay, losses, prompt_after } = train.adamw;
  const optimiser = adamW({ beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay: weight_decay });
  let state = { parameters: start.prompt, slots: optimiser.init(start.prompt.length) };
  const ours: number[] = [];
  let first: Float32Array | null = null;
  for (let step = 0; step < losses.length; step++) {
    const { loss, gradient } = await model.run(state.parameters, batch);
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
function examplesOf({ input_ids, attention_mask, labels }: RecordedTraining): Example[] {
  return input_ids.map((ids, row) => {
    const length = attention_mask[row]!.reduce((a, b) => a + b, 0);
    const start = labels[row]!.findIndex((id) => id !== -100);
    return { inputIds: ids.slice(0, start), continuations: [ids.slice(start, length)], target: 0 };
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

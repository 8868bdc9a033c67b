import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { promptForm } from '../../domain/prompt.ts';
import { applyTemplate } from '../../domain/task.ts';
import { type JobPlan, type JobSpec, jobTasks } from '../../domain/training.ts';
import { BUNDLE_FILES, type Bundle, isEncoderDecoder } from '../../model/bundle.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';
import type { BatchLayout } from '../batch.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { type Tokenised, tokeniseDataset } from '../dataset/tokenise.ts';
import type { Example } from '../example.ts';
import type { TaskData } from './data.ts';
import { describeSettings, type RunSettings, runSettings } from './plan.ts';

/** How many of the rows that do not fit are named. */
const NAMED_LEFT_OUT = 20;

/** A job that is ready to run. */
export interface PreparedJob {
  readonly plan: JobPlan;
  readonly run: RunSettings;
  readonly layout: BatchLayout;
  readonly examples: readonly Example[];
  readonly validation: readonly Example[];
  /** Of each task; empty where there are none. */
  readonly labels: readonly (readonly string[])[];
  readonly embeddingRms: number;
}

/** Tokenises the rows as their tasks serve them. Rejects with `unprocessable`; see tokeniseDataset. */
export async function prepareJob(
  spec: JobSpec,
  data: readonly TaskData[],
  bundle: Bundle,
  tokenizer: Tokenizer,
): Promise<PreparedJob> {
  const { config, tokens } = bundle.manifest;
  const embeddingRms = await readEmbeddingRms(bundle);
  const completes = data.some(({ training }) => training.kind === 'completion');
  const kind = completes ? 'completion' : 'classification';
  const settingsFor = (rows: number): RunSettings => runSettings(spec, { kind, rows, embeddingRms });
  const { objective } = settingsFor(1).training;
  const form = promptForm(spec.config.peft_type);
  const promptLength = spec.config.num_virtual_tokens;
  const tokenise = (dataset: Dataset | null, task: number): Tokenised => {
    if (dataset === null) return { examples: [], tooLong: [] };
    const { template } = jobTasks(spec)[task]!;
    const { examples, tooLong } = tokeniseDataset(dataset, {
      encodeInput: (text) => tokenizer.encode(applyTemplate(template, text), { addSpecialTokens: true }).ids,
      encodeTarget: (text) => tokenizer.encode(text, { addSpecialTokens: false }).ids,
      objective,
      endToken: tokens.eos[0] ?? null,
      promptLength,
      contextLength: config.contextLength,
      outputLength: isEncoderDecoder(config) ? config.contextLength : null,
      form,
    });
    return { examples: examples.map((example) => ({ ...example, task })), tooLong };
  };
  const learned = data.map(({ training }, task) => tokenise(training, task));
  const validated = data.map(({ validation }, task) => tokenise(validation, task));
  const examples = learned.flatMap((task) => task.examples);
  const validation = validated.flatMap((task) => task.examples);
  const run = settingsFor(examples.length);
  const leftOut = [...learned, ...validated].flatMap(({ tooLong }) => tooLong);
  const labels = data.map(({ training }) => training.labels);
  return {
    run,
    embeddingRms,
    examples,
    validation,
    labels,
    layout: {
      promptLength,
      contextLength: config.contextLength,
      slidingWindow: config.slidingWindow ?? null,
      objective,
      form,
      startTokenId: isEncoderDecoder(config) ? config.decoderStartTokenId : null,
    },
    plan: {
      hyperparameters: describeSettings(run),
      labels: [...new Set(labels.flat())],
      trainingRows: examples.length,
      validationRows: validation.length,
      totalSteps: run.training.totalSteps,
      leftOut: { count: leftOut.length, first: leftOut.slice(0, NAMED_LEFT_OUT) },
    },
  };
}

/** Root mean square of the elements of the token embeddings as they enter the model. */
async function readEmbeddingRms({ directory, manifest }: Bundle): Promise<number> {
  const { vocabSize, hiddenSize, embeddingScale = 1 } = manifest.config;
  let sum = 0;
  // A multiple of 4 bytes, so that no number is cut by the end of a chunk.
  for await (const chunk of createReadStream(join(directory, BUNDLE_FILES.embeddings), {
    highWaterMark: 1 << 20,
  })) {
    const bytes = Uint8Array.from(chunk as Uint8Array);
    for (const value of new Float32Array(bytes.buffer)) sum += value * value;
  }
  return embeddingScale * Math.sqrt(sum / (vocabSize * hiddenSize));
}

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { promptForm } from '../../domain/prompt.ts';
import { applyTemplate } from '../../domain/task.ts';
import type { JobPlan, JobSpec } from '../../domain/training.ts';
import { BUNDLE_FILES, type Bundle, isEncoderDecoder } from '../../model/bundle.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';
import type { BatchLayout } from '../batch.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { type Tokenised, tokeniseDataset } from '../dataset/tokenise.ts';
import type { Example } from '../example.ts';
import type { JobData } from './data.ts';
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
  readonly embeddingRms: number;
}

/** Tokenises the rows as the task serves them. Rejects with `unprocessable`; see tokeniseDataset. */
export async function prepareJob(
  spec: JobSpec,
  { training, validation }: JobData,
  bundle: Bundle,
  tokenizer: Tokenizer,
): Promise<PreparedJob> {
  const { config, tokens } = bundle.manifest;
  const embeddingRms = await readEmbeddingRms(bundle);
  const settingsFor = (rows: number): RunSettings =>
    runSettings(spec, { kind: training.kind, rows, embeddingRms });
  const { objective } = settingsFor(training.rows.length).training;
  const tokenise = (dataset: Dataset): Tokenised =>
    tokeniseDataset(dataset, {
      encodeInput: (text) =>
        tokenizer.encode(applyTemplate(spec.template, text), { addSpecialTokens: true }).ids,
      encodeTarget: (text) => tokenizer.encode(text, { addSpecialTokens: false }).ids,
      objective,
      endToken: tokens.eos[0] ?? null,
      promptLength: spec.config.num_virtual_tokens,
      contextLength: config.contextLength,
      outputLength: isEncoderDecoder(config) ? config.contextLength : null,
      form: promptForm(spec.config.peft_type),
    });
  const learned = tokenise(training);
  const validated = validation === null ? null : tokenise(validation);
  const run = settingsFor(learned.examples.length);
  const leftOut = [...learned.tooLong, ...(validated?.tooLong ?? [])];
  return {
    run,
    embeddingRms,
    examples: learned.examples,
    validation: validated?.examples ?? [],
    layout: {
      promptLength: spec.config.num_virtual_tokens,
      contextLength: config.contextLength,
      slidingWindow: config.slidingWindow ?? null,
      objective,
      form: promptForm(spec.config.peft_type),
      startTokenId: isEncoderDecoder(config) ? config.decoderStartTokenId : null,
    },
    plan: {
      hyperparameters: describeSettings(run),
      labels: training.labels,
      trainingRows: learned.examples.length,
      validationRows: validated?.examples.length ?? 0,
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

import { CPU, type Device } from '../../engine/devices/device.ts';
import { relativeError } from '../../engine/devices/model-check.ts';
import { type Bundle, isEncoderDecoder } from '../../model/bundle.ts';
import { EmbeddingFile } from '../../model/embedding-file.ts';
import { readFrozenWeights } from '../../model/frozen-weights.ts';
import { packBatch } from '../batch.ts';
import type { Example } from '../example.ts';
import { type Differentiated, LossModel } from '../model.ts';

/**
 * How far loss, log-likelihoods and gradient may be from the processor's. Sums in float32 that are added in another order
 * differ by far less, and with a wrong kernel they differ by about 1.
 */
export const MOST_GRADIENT_ERROR = 0.02;

const PROMPT_LENGTH = 4;

/** Two rows of text with two choices each, as shares of the vocabulary. */
const ROWS: readonly Omit<Example, 'target'>[] = [
  { inputIds: [0.1, 0.35, 0.6, 0.85, 0.2], continuations: [[0.4], [0.7, 0.15]] },
  { inputIds: [0.55, 0.9, 0.05], continuations: [[0.4], [0.7, 0.15]] },
];

/** The largest relative error of what a device makes of a bundle's training graph, against the processor. */
export async function gradientError(bundle: Bundle, device: Device): Promise<number> {
  const expected = await differentiate(bundle, CPU);
  const actual = await differentiate(bundle, device);
  const loss = Math.abs(actual.loss - expected.loss) / Math.abs(expected.loss);
  return Math.max(
    Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY,
    relativeError(actual.logLikelihoods, expected.logLikelihoods),
    relativeError(actual.gradient, expected.gradient),
  );
}

/** Loss and gradient of one small batch, before a prompt of the model's own embeddings. */
async function differentiate(bundle: Bundle, device: Device): Promise<Differentiated> {
  const { config } = bundle.manifest;
  const objective = 'choices';
  const form = 'rows';
  const layout = {
    promptLength: PROMPT_LENGTH,
    contextLength: config.contextLength,
    slidingWindow: config.slidingWindow ?? null,
    objective,
    form,
    startTokenId: isEncoderDecoder(config) ? config.decoderStartTokenId : null,
  } as const;
  const frozen = { config, weights: await readFrozenWeights(bundle), folder: bundle.directory };
  const model = await LossModel.differentiating(frozen, { objective, form, threads: 0, device });
  try {
    return await model.run(await promptOf(bundle), packBatch(examplesFor(config.vocabSize), layout));
  } finally {
    await model.release();
  }
}

function examplesFor(vocabSize: number): Example[] {
  const ids = (shares: readonly number[]): number[] => shares.map((share) => Math.floor(share * vocabSize));
  return ROWS.map(({ inputIds, continuations }, row) => ({
    inputIds: ids(inputIds),
    continuations: continuations.map(ids),
    target: row,
  }));
}

/** Rows of the embedding table from all over it, float32 [PROMPT_LENGTH, hidden]. */
async function promptOf(bundle: Bundle): Promise<Float32Array> {
  const { vocabSize } = bundle.manifest.config;
  const embeddings = await EmbeddingFile.open(bundle);
  try {
    return await embeddings.rows(
      Array.from({ length: PROMPT_LENGTH }, (_, row) =>
        Math.floor(((row + 0.5) / PROMPT_LENGTH) * vocabSize),
      ),
    );
  } finally {
    await embeddings.close();
  }
}

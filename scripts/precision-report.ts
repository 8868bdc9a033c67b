/**
 * Measures how far bundles of one model are from the first of them on real text: how often the most likely
 * next token is the same, perplexity, the mean KL divergence from the first, and the cosine of the logits.
 *
 *     npx tsx scripts/precision-report.ts TEXT_FILE REFERENCE_BUNDLE BUNDLE... [--tokens 2048] [--rounded]
 *
 * With --rounded the products of float16 bundles round as they do on a device, see rounded-products.ts.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { byteProductEntries } from '../src/engine/byte-products.ts';
import { emptyPlane } from '../src/engine/kv/kv.ts';
import { kvShapeOf } from '../src/engine/kv/shape-of.ts';
import { kvTensor } from '../src/engine/kv/tensors.ts';
import { SERVING_IO } from '../src/families/decoder.ts';
import { buildServingGraph } from '../src/families/index.ts';
import { encodeModel } from '../src/graph/index.ts';
import { BUNDLE_FILES, type Bundle, openBundle } from '../src/model/bundle.ts';
import { readNamedWeights } from '../src/model/frozen-weights.ts';
import { loadTokenizer } from '../src/model/tokenizer.ts';
import { roundProducts } from './rounded-products.ts';

/** Each window is a sequence of its own. */
const WINDOW = 512;

class Model {
  readonly name: string;
  readonly #bundle: Bundle;
  readonly #session: InferenceSession;
  readonly #embeddings: Float32Array;

  private constructor(bundle: Bundle, session: InferenceSession, embeddings: Float32Array) {
    this.name = basename(bundle.directory);
    this.#bundle = bundle;
    this.#session = session;
    this.#embeddings = embeddings;
  }

  /** @param rounded the products of float16 round as they do on a device */
  static async open(directory: string, rounded: boolean): Promise<Model> {
    const bundle = await openBundle(directory);
    const table = await readFile(join(directory, BUNDLE_FILES.embeddings));
    const graph =
      rounded && bundle.manifest.precision === 'float16'
        ? encodeModel(
            roundProducts(buildServingGraph(bundle.manifest.config, await readNamedWeights(bundle))),
          )
        : await readFile(join(directory, BUNDLE_FILES.graph));
    return new Model(
      bundle,
      await InferenceSession.create(graph, {
        extra: {
          session: {
            ...(await byteProductEntries()),
            model_external_initializers_file_folder_path: directory,
          },
        },
      }),
      new Float32Array(table.buffer, table.byteOffset, table.byteLength / 4),
    );
  }

  /** Logits of every position, [ids.length, vocab]. */
  async logits(ids: readonly number[]): Promise<Float32Array> {
    const {
      hiddenSize,
      numKeyValueHeads,
      headDim,
      numLayers,
      embeddingScale = 1,
    } = this.#bundle.manifest.config;
    const rows = new Float32Array(ids.length * hiddenSize);
    for (const [at, id] of ids.entries()) {
      const row = this.#embeddings.subarray(id * hiddenSize, (id + 1) * hiddenSize);
      rows.set(
        row.map((value) => value * embeddingScale),
        at * hiddenSize,
      );
    }
    const bias = Float32Array.from({ length: ids.length ** 2 }, (_, i) =>
      i % ids.length > Math.floor(i / ids.length) ? -1e9 : 0,
    );
    const positions = BigInt64Array.from(ids, (_, i) => BigInt(i));
    const feeds: Record<string, Tensor> = {
      [SERVING_IO.inputsEmbeds]: new Tensor('float32', rows, [1, ids.length, hiddenSize]),
      [SERVING_IO.positionIds]: new Tensor('int64', positions, [1, ids.length]),
      [SERVING_IO.attentionBias]: new Tensor('float32', bias, [1, 1, ids.length, ids.length]),
      [SERVING_IO.logitPositions]: new Tensor('int64', positions, [ids.length]),
      [SERVING_IO.bestRows]: new Tensor('int64', new BigInt64Array(1), [1]),
      [SERVING_IO.scoredRows]: new Tensor('int64', new BigInt64Array(), [0]),
      [SERVING_IO.scorePairs]: new Tensor('int64', new BigInt64Array(), [0, 2]),
    };
    const empty = kvTensor(emptyPlane(kvShapeOf(this.#bundle.manifest), 0), [
      1,
      numKeyValueHeads,
      0,
      headDim,
    ]);
    for (let layer = 0; layer < numLayers; layer++) {
      feeds[SERVING_IO.pastKeys(layer)] = empty;
      feeds[SERVING_IO.pastValues(layer)] = empty;
    }
    const { logits } = await this.#session.run(feeds, [SERVING_IO.logits]);
    return logits!.data as Float32Array;
  }
}

/** log p of every token of one row of logits, and the most likely one. */
function logSoftmax(row: Float32Array): { readonly logprobs: Float64Array; readonly best: number } {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[best]!) best = i;
  let sum = 0;
  for (const value of row) sum += Math.exp(value - row[best]!);
  const shift = row[best]! + Math.log(sum);
  return { logprobs: Float64Array.from(row, (value) => value - shift), best };
}

/** Of two rows of logits as vectors. */
function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Logits of a larger cosine are as good as the same. */
const LIKE = 0.9999;

class Totals {
  #positions = 0;
  #agreed = 0;
  #negativeLogLikelihood = 0;
  #divergence = 0;
  #cosine = 0;
  #leastCosine = 1;
  #unlike = 0;

  add(reference: Float32Array, given: Float32Array, next: number): void {
    const p = logSoftmax(reference);
    const q = logSoftmax(given);
    this.#positions++;
    if (p.best === q.best) this.#agreed++;
    const likeness = cosine(reference, given);
    this.#cosine += likeness;
    this.#leastCosine = Math.min(this.#leastCosine, likeness);
    if (likeness < LIKE) this.#unlike++;
    this.#negativeLogLikelihood -= q.logprobs[next]!;
    for (let i = 0; i < given.length; i++) {
      this.#divergence += Math.exp(p.logprobs[i]!) * (p.logprobs[i]! - q.logprobs[i]!);
    }
  }

  get agreement(): number {
    return this.#agreed / this.#positions;
  }

  /** Of all positions: the mean, the least, and how many are below {@link LIKE}. */
  get cosines(): readonly [mean: number, least: number, unlike: number] {
    return [this.#cosine / this.#positions, this.#leastCosine, this.#unlike];
  }

  get positions(): number {
    return this.#positions;
  }

  get perplexity(): number {
    return Math.exp(this.#negativeLogLikelihood / this.#positions);
  }

  get divergence(): number {
    return this.#divergence / this.#positions;
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { tokens: { type: 'string', default: '2048' }, rounded: { type: 'boolean', default: false } },
});
const [textFile, ...directories] = positionals;
if (textFile === undefined || directories.length === 0) {
  throw new Error('Expected: TEXT_FILE REFERENCE_BUNDLE BUNDLE...');
}
const models = await Promise.all(directories.map((directory) => Model.open(directory, values.rounded)));
const tokenizer = await loadTokenizer(await openBundle(directories[0]!));
const text = await readFile(textFile, 'utf8');
const ids = tokenizer.encode(text, { addSpecialTokens: false }).ids.slice(0, Number(values.tokens));

const totals = models.map(() => new Totals());
for (let start = 0; start + 1 < ids.length; start += WINDOW) {
  const window = ids.slice(start, start + WINDOW);
  let reference: Float32Array | null = null;
  for (const [index, model] of models.entries()) {
    const logits = await model.logits(window);
    reference ??= logits;
    const vocab = logits.length / window.length;
    for (let at = 0; at + 1 < window.length; at++) {
      const row = (of: Float32Array): Float32Array => of.subarray(at * vocab, (at + 1) * vocab);
      totals[index]!.add(row(reference), row(logits), window[at + 1]!);
    }
  }
}

console.log(
  `${basename(textFile)}, ${ids.length} tokens in windows of ${WINDOW}, ${totals[0]!.positions} positions`,
);
const base = totals[0]!.perplexity;
for (const [index, model] of models.entries()) {
  const { agreement, perplexity, divergence, cosines } = totals[index]!;
  const [mean, least, unlike] = cosines;
  const change = `${(100 * (perplexity / base - 1)).toFixed(2)} %`;
  console.log(
    `${model.name.padEnd(28)} top-1 ${(100 * agreement).toFixed(2)} %  perplexity ${perplexity.toFixed(4)} (${change})  KL ${divergence.toExponential(2)}  cosine ${mean.toFixed(7)}, least ${least.toFixed(7)}, ${unlike} below ${LIKE}`,
  );
}

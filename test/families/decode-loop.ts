import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import ort from 'onnxruntime-node';
import { Random } from '../../src/domain/random.ts';
import { DEFAULT_SAMPLING, type SamplingParams } from '../../src/domain/sampling.ts';
import { candidatesFor, cutOf } from '../../src/engine/decoding/assemble-loop.ts';
import { Sampler } from '../../src/engine/decoding/sampler.ts';
import { DECODE_LOOP_IO } from '../../src/families/decode-loop.ts';
import { type LlamaConfig, SERVING_IO } from '../../src/families/decoder.ts';
import { buildDecodeLoop } from '../../src/families/index.ts';
import { encodeModel } from '../../src/graph/index.ts';
import { doubles, type Fed, floats, ints, runSession, sessionOptions } from '../graph/run-graph.ts';
import { emptyPast, serve } from './serve.ts';
import { openTinyModel, tinyModel } from './tiny-model.ts';
import { randomNumbers } from './weight-file.ts';

/** A row that has been read up to its last token. */
export interface DecodedRow {
  /** As in serve.ts. */
  readonly past: number[][][][];
  readonly lastToken: number;
  readonly sampling?: Partial<SamplingParams>;
  readonly limit: number;
  readonly stopTokens?: readonly number[];
}

/** What a row has chosen, the token that ended it included, and its past with all that it has read. */
export interface Decoded {
  readonly chosen: readonly number[];
  readonly past: number[][][][];
}

export interface TinyDecoder {
  /** Reads tokens from the beginning; the last one has not been read then. */
  read(tokens: readonly number[]): Promise<Pick<DecodedRow, 'past' | 'lastToken'>>;
  /** Step by step, each a run, with the engine's sampler. */
  singly(rows: readonly DecodedRow[], steps: number): Promise<Decoded[]>;
  /** All steps in one run. */
  together(rows: readonly DecodedRow[], steps: number): Promise<Decoded[] & { readonly turns: number }>;
}

const paramsOf = ({ sampling }: DecodedRow): SamplingParams => ({
  ...DEFAULT_SAMPLING,
  seed: 0,
  ...sampling,
});

/** A tiny model with a table of embeddings, as sessions of its serving graph and of its loop. */
export async function openTinyDecoder(t: TestContext, config: LlamaConfig): Promise<TinyDecoder> {
  const { hiddenSize, vocabSize, numLayers, numKeyValueHeads: heads, headDim } = config;
  const model = tinyModel(config);
  const random = randomNumbers(5);
  const table = Float32Array.from({ length: vocabSize * hiddenSize }, () => random());
  const embeddings = model.file.add(table, [vocabSize, hiddenSize]);
  const session = await openTinyModel(t, config, model);
  const directory = mkdtempSync(join(tmpdir(), 'decode-loop-'));
  writeFileSync(
    join(directory, 'loop.onnx'),
    encodeModel(buildDecodeLoop(config, { ...model.catalog, embeddings })),
  );
  model.file.write(directory);
  const loop = await ort.InferenceSession.create(join(directory, 'loop.onnx'), sessionOptions);
  t.after(async () => {
    await loop.release();
    rmSync(directory, { recursive: true });
  });
  const embed = (token: number): number[] => [
    ...table.subarray(token * hiddenSize, (token + 1) * hiddenSize),
  ];

  return {
    async read(tokens) {
      const past = emptyPast(config);
      if (tokens.length === 1) return { past, lastToken: tokens[0]! };
      const { rows } = await serve(session, config, [{ past, embeddings: tokens.slice(0, -1).map(embed) }]);
      return { past: rows[0]!.past, lastToken: tokens.at(-1)! };
    },

    async singly(rows, steps) {
      const running = rows.map((row) => ({
        row,
        chosen: [] as number[],
        past: row.past,
        token: row.lastToken,
        sampler: new Sampler(paramsOf(row), []),
        ended: false,
      }));
      for (let step = 0; step < steps; step++) {
        const going = running.filter(({ ended }) => !ended);
        if (going.length === 0) break;
        const inputs = going.map(({ past, token }) => ({ past, embeddings: [embed(token)] }));
        const served = await serve(session, config, inputs);
        going.forEach((one, index) => {
          one.past = served.rows[index]!.past;
          const logits = Float32Array.from(served.rows[index]!.logits[0]!);
          one.token = one.sampler.next({ kind: 'logits', logits });
          one.chosen.push(one.token);
          one.ended = one.chosen.length === one.row.limit || (one.row.stopTokens ?? []).includes(one.token);
        });
      }
      return running.map(({ chosen, past }) => ({ chosen, past }));
    },

    async together(rows, steps) {
      const params = rows.map(paramsOf);
      const past = Math.ceil(Math.max(...rows.map((row) => row.past[0]![0]!.length)) / 16) * 16;
      const stops = Math.max(1, ...rows.map(({ stopTokens = [] }) => stopTokens.length));
      const cuts = params.map((param) => cutOf(param, vocabSize));
      const randoms = params.map(({ seed }) => new Random(seed));
      const uniforms = Array.from({ length: steps }, () => randoms.map((it) => it.next())).flat();
      const io = DECODE_LOOP_IO;
      const feeds: Record<string, Fed> = {
        [io.lastTokens]: ints(
          [rows.length],
          rows.map(({ lastToken }) => lastToken),
        ),
        [io.lengths]: ints(
          [rows.length],
          rows.map((row) => row.past[0]![0]!.length),
        ),
        [io.limits]: ints(
          [rows.length],
          rows.map(({ limit }) => limit),
        ),
        [io.stopTokens]: ints(
          [rows.length, stops],
          rows.flatMap(({ stopTokens = [] }) =>
            Array.from({ length: stops }, (_, index) => stopTokens[index] ?? -1),
          ),
        ),
        [io.kinds]: ints(
          [rows.length],
          cuts.map(({ kind }) => kind),
        ),
        [io.temperatures]: doubles(
          [rows.length],
          params.map(({ temperature }) => temperature || 1),
        ),
        [io.topK]: ints(
          [rows.length],
          cuts.map(({ topK }) => topK),
        ),
        [io.topP]: doubles(
          [rows.length],
          cuts.map(({ topP }) => topP),
        ),
        [io.candidates]: ints([1], [candidatesFor(cuts)]),
        [io.uniforms]: doubles([steps, rows.length], uniforms),
      };
      const cache = (plane: number): Fed =>
        floats(
          [rows.length, heads, past, headDim],
          rows.flatMap((row) =>
            row.past[plane]!.flatMap((head) => [
              ...head.flat(),
              ...new Array(headDim * (past - head.length)).fill(7),
            ]),
          ),
        );
      for (let layer = 0; layer < numLayers; layer++) {
        feeds[SERVING_IO.pastKeys(layer)] = cache(2 * layer);
        feeds[SERVING_IO.pastValues(layer)] = cache(2 * layer + 1);
      }
      const outputs = await runSession(loop, feeds);
      const [chosen, counts, news] = [io.chosen, io.counts, io.newKeysValues].map((name) => outputs[name]!);
      const turns = chosen!.dims[0]!;
      const decoded = rows.map((row, b) => {
        const count = counts!.data[b]!;
        return {
          chosen: Array.from({ length: count }, (_, step) => chosen!.data[step * rows.length + b]!),
          past: row.past.map((planeHeads, plane) =>
            planeHeads.map((head, h) => [
              ...head,
              ...Array.from({ length: count }, (_, s) => {
                const at = (((plane * rows.length + b) * heads + h) * (turns + 1) + s + 1) * headDim;
                return news!.data.slice(at, at + headDim);
              }),
            ]),
          ),
        };
      });
      return Object.assign(decoded, { turns });
    },
  };
}

/**
 * llama.cpp through node-llama-cpp: one context with a sequence a stream, whose evaluations the library puts
 * into one batch. Started with the package's folder, the GGUF file and the number of threads.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { BatchTiming } from '../system.ts';

const MOST_STREAMS = 16;
/** Positions of one sequence. */
const CONTEXT_SIZE = 512;

/** The part of node-llama-cpp 3 that is used here. */
interface NodeLlamaCpp {
  getLlama(options: { gpu: false; build: 'never'; maxThreads: number }): Promise<Llama>;
}
interface Llama {
  readonly llamaCppRelease: { readonly release: string };
  loadModel(options: { modelPath: string }): Promise<Model>;
}
interface Model {
  createContext(options: {
    contextSize: number;
    sequences: number;
    batchSize: number;
    threads: { ideal: number; min: number };
    flashAttention: boolean;
  }): Promise<Context>;
}
interface Context {
  getSequence(): Sequence;
  dispose(): Promise<void>;
}
interface Sequence {
  clearHistory(): Promise<void>;
  evaluate(
    tokens: readonly number[],
    options: { temperature: number; yieldEogToken: boolean },
  ): AsyncIterable<number>;
}

interface Rows {
  readonly rows: readonly { readonly prompt: readonly number[]; readonly input: readonly number[] }[];
  readonly outputTokens: number;
}

async function generate(sequences: readonly Sequence[], { rows, outputTokens }: Rows): Promise<BatchTiming> {
  await Promise.all(sequences.map((sequence) => sequence.clearHistory()));
  const start = performance.now();
  const streams = await Promise.all(
    rows.map(async ({ prompt, input }, i) => {
      const tokens: number[] = [];
      let first = 0;
      const output = sequences[i]!.evaluate([...prompt, ...input], { temperature: 0, yieldEogToken: true });
      for await (const token of output) {
        first ||= performance.now();
        tokens.push(token);
        if (tokens.length === outputTokens) break;
      }
      return { first, last: performance.now(), tokens };
    }),
  );
  const seconds = (times: number[]) => (Math.max(...times) - start) / 1000;
  return {
    firstToken: seconds(streams.map(({ first }) => first)),
    total: seconds(streams.map(({ last }) => last)),
    tokens: streams.map(({ tokens }) => tokens),
  };
}

const [folder, gguf, threadsText] = process.argv.slice(2) as [string, string, string];
const threads = Number(threadsText);
const home = join(folder, 'node_modules', 'node-llama-cpp');
const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };
const { getLlama } = (await import(pathToFileURL(join(home, 'dist', 'index.js')).href)) as NodeLlamaCpp;
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: threads });
const model = await llama.loadModel({ modelPath: gguf });

async function sequencesWith(flashAttention: boolean) {
  const context = await model.createContext({
    contextSize: CONTEXT_SIZE,
    sequences: MOST_STREAMS,
    batchSize: CONTEXT_SIZE * 2,
    threads: { ideal: threads, min: threads },
    flashAttention,
  });
  return { context, sequences: Array.from({ length: MOST_STREAMS }, () => context.getSequence()) };
}

/** Tokens a second of half the streams, after one run that is not counted. */
async function trial(sequences: readonly Sequence[]): Promise<number> {
  const input = Array.from({ length: 52 }, (_, i) => 1000 + 17 * i);
  const rows = Array.from({ length: MOST_STREAMS / 2 }, () => ({ prompt: [], input }));
  await generate(sequences, { rows, outputTokens: 4 });
  return (rows.length * 16) / (await generate(sequences, { rows, outputTokens: 16 })).total;
}

const [off, on] = [await sequencesWith(false), await sequencesWith(true)];
const [speedOff, speedOn] = [await trial(off.sequences), await trial(on.sequences)];
const best = speedOn > speedOff ? on : off;
await (best === on ? off : on).context.dispose();

const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer({
  description:
    `node-llama-cpp ${version} (llama.cpp ${llama.llamaCppRelease.release}), the GGUF itself, ${MOST_STREAMS} sequences in one ` +
    `context, ${threads} threads, flash attention ${best === on ? 'on' : 'off'} (in a trial of 8 streams ` +
    `${speedOn.toFixed(0)} tokens/s with it, ${speedOff.toFixed(0)} without)`,
});
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as { generate: Rows };
  try {
    answer(await generate(best.sequences, request.generate));
  } catch (error) {
    answer({ error: String(error) });
  }
}

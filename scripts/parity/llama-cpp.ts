/**
 * Records what llama.cpp computes on `texts.json`, for `compare.ts`. llama.cpp is reached through
 * node-llama-cpp, which is not a dependency of this project: install it elsewhere and name the folder.
 *
 *   mkdir /tmp/llama-cpp && npm install --prefix /tmp/llama-cpp node-llama-cpp@3.22.1
 *   node --import tsx scripts/parity/llama-cpp.ts --package /tmp/llama-cpp --gguf MODEL.gguf --out llama-cpp.json
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import {
  GREEDY_TOKENS,
  type GreedyStep,
  type PromptRecord,
  readTexts,
  required,
  TOP,
  writeRecord,
} from './record.ts';

const USAGE = 'usage: llama-cpp.ts --package FOLDER --gguf FILE --out FILE';

/** The part of node-llama-cpp 3.22 that is used here. */
interface NodeLlamaCpp {
  getLlama(options: { gpu: false; build: 'never' }): Promise<Llama>;
}
interface Llama {
  readonly llamaCppRelease: { readonly release: string };
  loadModel(options: { modelPath: string }): Promise<Model>;
  dispose(): Promise<void>;
}
interface Model {
  tokenize(text: string, specialTokens: boolean): number[];
  createContext(options: {
    contextSize: number;
    sequences: number;
    flashAttention: boolean;
    threads: number;
  }): Promise<Context>;
}
interface Context {
  getSequence(): Sequence;
}
interface Sequence {
  clearHistory(): Promise<void>;
  controlledEvaluate(
    input: readonly (
      | number
      | readonly [number, { generateNext: { probabilities: true; options: object } }]
    )[],
  ): Promise<readonly { readonly next?: { readonly probabilities?: ReadonlyMap<number, number> } }[]>;
}

/** Log-probabilities after the last of `ids`, which continue what the sequence holds; all tokens, best first. */
async function logprobsAfter(sequence: Sequence, ids: readonly number[]): Promise<[number, number][]> {
  const last = ids[ids.length - 1]!;
  const output = await sequence.controlledEvaluate([
    ...ids.slice(0, -1),
    [last, { generateNext: { probabilities: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0 } } }],
  ]);
  const probabilities = output[output.length - 1]?.next?.probabilities;
  if (probabilities === undefined) throw new Error('node-llama-cpp returned no probabilities');
  return [...probabilities].map(([id, p]) => [id, Math.log(p)]);
}

async function recordPrompt(model: Model, sequence: Sequence, text: string): Promise<PromptRecord> {
  const ids = model.tokenize(text, true);
  const steps: GreedyStep[] = [];
  await sequence.clearHistory();
  let next: readonly number[] = ids;
  while (steps.length < GREEDY_TOKENS) {
    const logprobs = await logprobsAfter(sequence, next);
    const top = logprobs.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, TOP);
    const id = top[0]![0];
    steps.push({ id, top });
    next = [id];
  }
  return { text, ids, steps };
}

const { values } = parseArgs({
  options: { package: { type: 'string' }, gguf: { type: 'string' }, out: { type: 'string' } },
});
const folder = join(resolve(required(values, 'package', USAGE)), 'node_modules', 'node-llama-cpp');
const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
const { getLlama } = (await import(pathToFileURL(join(folder, 'dist', 'index.js')).href)) as NodeLlamaCpp;

const gguf = resolve(required(values, 'gguf', USAGE));
const llama = await getLlama({ gpu: false, build: 'never' });
const model = await llama.loadModel({ modelPath: gguf });
// One thread: llama.cpp's threads spin at barriers, which on a busy machine takes minutes a prompt.
const context = await model.createContext({
  contextSize: 512,
  sequences: 1,
  flashAttention: false,
  threads: 1,
});
const sequence = context.getSequence();
const texts = await readTexts();
const prompts: PromptRecord[] = [];
for (const text of texts.prompts) prompts.push(await recordPrompt(model, sequence, text));
await writeRecord(required(values, 'out', USAGE), {
  source: `llama.cpp ${llama.llamaCppRelease.release} (node-llama-cpp ${version}), ${basename(gguf)}, KV cache F16`,
  tokenize: texts.tokenize.map((text) => ({ text, ids: model.tokenize(text, true) })),
  prompts,
});
await llama.dispose();

/**
 * Forward passes of one model under the graph of an ONNX export and under the project's own, in turns.
 *
 *     npx tsx bench/onnx-export.ts WEIGHTS EXPORT...
 *
 * WEIGHTS is a Hugging Face directory or GGUF file, each EXPORT an .onnx file of the same model beside its
 * configuration. Prints milliseconds a pass (the median of the rounds) and the ratio to the own float32 graph.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Backend, StepInputs } from '../src/engine/backend.ts';
import { openBackend } from '../src/engine/session.ts';
import { importModel } from '../src/model/import.ts';

const ROUNDS = 9;
const PAST = 128;

/** Rows of a decode step behind {@link PAST} positions, and positions of a prefill without a past. */
const WORK = [
  { title: 'decode, 1 row', batch: 1, sequence: 1, past: PAST },
  { title: 'decode, 4 rows', batch: 4, sequence: 1, past: PAST },
  { title: 'decode, 16 rows', batch: 16, sequence: 1, past: PAST },
  { title: 'prefill of 512', batch: 1, sequence: 512, past: 0 },
] as const;
type Work = (typeof WORK)[number];

function inputsOf(backend: Backend, { batch, sequence, past }: Work): StepInputs {
  const { planes, heads, dim } = backend.kvShape;
  const tokens = batch * sequence;
  const noise = (length: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => 0.1 * Math.sin(i * 12.9898));
  const bias = new Float32Array(tokens * (past + sequence));
  for (let token = 0; token < tokens; token++) {
    const end = (token + 1) * (past + sequence);
    bias.fill(-1e9, end - sequence + (token % sequence) + 1, end);
  }
  const last = BigInt64Array.from({ length: batch }, (_, row) => BigInt((row + 1) * sequence - 1));
  return {
    batch,
    sequence,
    past,
    embeds: noise(tokens * backend.hiddenSize),
    positionIds: BigInt64Array.from({ length: tokens }, (_, i) => BigInt(past + (i % sequence))),
    attentionBias: bias,
    pastPlanes: Array.from({ length: planes }, () => noise(batch * heads * past * dim)),
    source: null,
    logitPositions: last,
    bestRows: BigInt64Array.from(last, (_, row) => BigInt(row)),
    scoredRows: new BigInt64Array(),
    scorePairs: new BigInt64Array(),
    wantsLogits: false,
    wantsHidden: false,
  };
}

async function milliseconds(backend: Backend, inputs: StepInputs): Promise<number> {
  const start = performance.now();
  await backend.run(inputs);
  return performance.now() - start;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function main(weights: string, exports: readonly string[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-export-'));
  try {
    const backends: { readonly name: string; readonly backend: Backend }[] = [];
    for (const [index, source] of [weights, ...exports].entries()) {
      const target = join(directory, String(index));
      const bundle = await importModel({ source, target, id: 'model', precision: 'float32' });
      const name = index === 0 ? 'own graph, float32' : basename(source);
      backends.push({ name, backend: await openBackend(bundle, { threads: 0 }) });
    }
    for (const work of WORK) {
      const inputs = inputsOf(backends[0]!.backend, work);
      const times = backends.map((): number[] => []);
      for (let round = -1; round < ROUNDS; round++) {
        for (const [index, { backend }] of backends.entries()) {
          const time = await milliseconds(backend, inputs);
          // The first round warms up.
          if (round >= 0) times[index]!.push(time);
        }
      }
      const medians = times.map(median);
      console.log(work.title);
      for (const [index, { name }] of backends.entries()) {
        const ms = medians[index]!;
        console.log(`  ${name.padEnd(24)} ${ms.toFixed(1).padStart(8)} ms  ${(ms / medians[0]!).toFixed(2)}`);
      }
    }
    for (const { backend } of backends) await backend.release();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const [weights, ...exports] = process.argv.slice(2);
if (weights === undefined || exports.length === 0) {
  throw new Error('usage: npx tsx bench/onnx-export.ts WEIGHTS EXPORT...');
}
await main(weights, exports);

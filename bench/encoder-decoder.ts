/**
 * T5 of t5-base's size with random weights: this engine beside transformers with PEFT, in turns, 20 virtual tokens and
 * 32 tokens in, 32 out, greedy. Prints tables of tokens a second and their ratios, all from one run.
 *
 *   npx tsx bench/encoder-decoder.ts [--rounds 5] [--threads 2] [--rows 1,8,16] [--precision float32,int8]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config.ts';
import type { Engine } from '../src/domain/engine.ts';
import type { Precision } from '../src/domain/model.ts';
import { createEngine } from '../src/engine/supervisor.ts';
import { EmbeddingFile } from '../src/model/embedding-file.ts';
import { importModel } from '../src/model/import.ts';
import { describeMachine } from './machine.ts';
import { once, runProgram } from './peers/install.ts';
import { script, torchPython } from './peers/python.ts';
import { WorkerProcess } from './peers/worker-process.ts';
import { markdownTable, withRange } from './report/table.ts';
import { pairedRatio, spread } from './statistics.ts';

const VIRTUAL = 20;
const INPUT = 32;
const OUTPUT = 32;
const VOCAB = 32_000;
const PEER = 'transformers + PEFT float32';

interface Row {
  readonly prompt: readonly number[];
  readonly input: readonly number[];
}

interface Run {
  /** Seconds until the last row has its first token, and until all rows have their last. */
  readonly firstToken: number;
  readonly total: number;
  readonly tokens: readonly (readonly number[])[];
}

/** Different tasks and inputs in every row and round. */
const rowsOf = (count: number, round: number): Row[] =>
  Array.from({ length: count }, (_, row) => ({
    prompt: Array.from({ length: VIRTUAL }, (_, i) => 3 + ((row * 131 + i * 7919) % VOCAB)),
    input: Array.from({ length: INPUT }, (_, i) => 3 + ((round * 811 + row * 977 + i * 104_729) % VOCAB)),
  }));

async function ours(engine: Engine, rows: readonly Row[]): Promise<Run> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const firsts: number[] = [];
  const tokens = await Promise.all(
    rows.map(async ({ prompt, input }, row) => {
      const request = {
        prompt: { key: prompt.join(), length: prompt.length, form: 'rows' },
        inputIds: input,
        maxTokens: OUTPUT,
        stopTokenIds: [],
        sampling: {
          temperature: 0,
          topP: 1,
          topK: 0,
          repetitionPenalty: 1,
          presencePenalty: 0,
          frequencyPenalty: 0,
          seed: 0,
        },
        topLogprobs: null,
        inputLogprobs: false,
        priority: 'interactive',
        flow: `task ${row}`,
      } as const;
      const ids: number[] = [];
      for await (const event of engine.generate(request, new AbortController().signal)) {
        if (event.type !== 'token') continue;
        if (ids.length === 0) firsts.push(seconds());
        ids.push(event.id);
      }
      return ids;
    }),
  );
  return { firstToken: Math.max(...firsts), total: seconds(), tokens };
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    rows: { type: 'string', default: '1,8,16' },
    precision: { type: 'string', default: 'float32,int8' },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);
const sizes = values.rows.split(',').map(Number);
const precisions = values.precision.split(',') as Precision[];

const log = (message: string) => console.error(message);
const peers = join(loadConfig({}).home, 'bench-peers');
const python = await torchPython({ directory: peers });
const source = await once(join(peers, 't5-base-random'), (directory) =>
  runProgram(python, [script('t5_worker.py'), '--make', directory]),
);
const directory = await mkdtemp(join(tmpdir(), 'softprompt-t5-bench-'));
const systems = new Map<string, (rows: readonly Row[]) => Promise<Run>>();
const close: (() => Promise<void>)[] = [];
try {
  for (const precision of precisions) {
    log(`importing in ${precision}`);
    const target = join(directory, precision);
    const bundle = await importModel({ source, target, id: 't5-base-random', precision });
    const table = await EmbeddingFile.open(bundle);
    const { hiddenSize } = bundle.manifest.config;
    const engine = createEngine({
      bundle,
      prompts: {
        async load(key) {
          const ids = key.split(',').map(Number);
          const rows = new Float32Array(ids.length * hiddenSize);
          for (const [i, id] of ids.entries()) rows.set(await table.row(id), i * hiddenSize);
          return rows;
        },
      },
      threads,
      maxBatchSize: 16,
      maxQueueLength: 64,
      kvCacheBytes: 2 ** 31,
      prefixCacheBytes: 2 ** 26,
      inputCacheBytes: 0,
      queueTimeoutMs: 600_000,
      maxQueueWaitMs: 600_000,
      stallMs: 600_000,
      onFatal: ({ error }) => {
        throw error;
      },
      onFailure: (error) => log(String(error)),
    });
    await engine.loaded;
    close.push(() => engine.close());
    systems.set(`softprompt ${precision}`, (rows) => ours(engine, rows));
  }
  log(`starting ${PEER}`);
  const arguments_ = [script('t5_worker.py'), '--model', source, '--threads', String(threads)];
  const worker = await WorkerProcess.start<{ description: string }>(threads, python, arguments_);
  close.push(() => worker.close());
  systems.set(PEER, (rows) => worker.request<Run>({ generate: { rows, outputTokens: OUTPUT } }));

  const runs = new Map<string, Run[]>();
  for (const size of sizes) {
    for (let round = -1; round < rounds; round++) {
      for (const [name, run] of systems) {
        const result = await run(rowsOf(size, round + 1));
        // The first round warms up, and shows that both compute the same.
        if (round < 0) log(`${name}, ${size} rows: ${result.tokens[0]!.slice(0, 8).join(' ')}`);
        else runs.set(`${name} ${size}`, [...(runs.get(`${name} ${size}`) ?? []), result]);
      }
    }
    log(`${size} rows measured`);
  }

  const { cpu, processors, commit, date } = describeMachine(threads);
  const perSecond = ({ total }: Run, size: number) => (size * OUTPUT) / total;
  const decoding = ({ firstToken, total }: Run, size: number) => (size * (OUTPUT - 1)) / (total - firstToken);
  for (const [title, figure] of [
    ['tokens/s, encoder included', perSecond],
    ['tokens/s after the first token', decoding],
  ] as const) {
    const rows = sizes.flatMap((size) => {
      const of = (name: string) => runs.get(`${name} ${size}`)!.map((run) => figure(run, size));
      return [...systems.keys()].map((name) => [
        String(size),
        name,
        withRange(spread(of(name))),
        name === PEER ? '1' : withRange(pairedRatio(of(name), of(PEER))),
      ]);
    });
    const columns = ['rows', 'system', `${title}: median (range)`, 'ratio to transformers + PEFT'];
    const note = `${date}, commit ${commit}, ${cpu}, ${processors} processors, ${threads} threads, ${rounds} rounds. ${worker.ready.description}.`;
    console.log(`${markdownTable({ title: `T5 of t5-base's size: ${title}`, columns, rows, note })}\n`);
  }
} finally {
  for (const stop of close.reverse()) await stop();
  await rm(directory, { recursive: true, force: true });
}

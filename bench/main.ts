/**
 * Measures the service over HTTP: time to first token without and with a soft prompt, tokens a second at
 * several batch sizes, and what a step costs besides the model's run. Everything that is compared alternates in
 * one run, and the figures are medians, because the machine's speed drifts.
 *
 *   npm run bench -- [--model SOURCE] [--precision float32|int8|int4] [--threads N] [--rounds 7]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { startService } from '../src/compose.ts';
import { loadConfig } from '../src/config.ts';
import { BUNDLE_FILES, type Bundle } from '../src/model/bundle.ts';
import { resolveModel } from '../src/model/cache.ts';
import { Client, succeeded } from '../test/support/client.ts';
import { randomPrompt } from '../test/support/prompts.ts';
import { readBandwidth } from './bandwidth.ts';
import { median } from './statistics.ts';
import { timeStream } from './stream.ts';

const TASK = 'bench';
const VIRTUAL_TOKENS = 100;
const INPUT_TOKENS = 32;
const DECODED_TOKENS = 33;
const ROWS = [1, 4, 8, 16] as const;
const ANY_TOKEN = 100;

/** Everything that one round measures once. */
interface Round {
  readonly firstToken: Readonly<Record<'none' | 'prompt' | 'text', number>>;
  readonly decode: readonly DecodeSample[];
}

interface DecodeSample {
  readonly rows: number;
  readonly tokensPerSecond: number;
  /** Seconds of a step, prefill included. */
  readonly step: number;
  /** Part of the steps outside session.run, 0 to 1. */
  readonly outside: number;
}

async function measureRound(client: Client, base: string): Promise<Round> {
  const first = async (model: string, inputTokens: number) => {
    const prompt = Array<number>(inputTokens).fill(ANY_TOKEN);
    return (await timeStream(client.url, { model, prompt, n: 1, max_tokens: 1 })).firstToken;
  };
  await first(base, INPUT_TOKENS); // so that none of the three comes after another kind of work
  const firstToken = {
    none: await first(base, INPUT_TOKENS),
    prompt: await first(TASK, INPUT_TOKENS),
    text: await first(base, INPUT_TOKENS + VIRTUAL_TOKENS),
  };
  const decode: DecodeSample[] = [];
  for (const rows of ROWS) decode.push(await measureDecode(client, rows));
  return { firstToken, decode };
}

async function measureDecode(client: Client, rows: number): Promise<DecodeSample> {
  const prompt = Array<number>(INPUT_TOKENS).fill(ANY_TOKEN);
  const before = await stepTimes(client);
  const { tokensPerSecond } = await timeStream(client.url, {
    model: TASK,
    prompt,
    n: rows,
    max_tokens: DECODED_TOKENS,
  });
  const after = await stepTimes(client);
  const [steps, total, run] = after.map((value, i) => value - before[i]!);
  return { rows, tokensPerSecond, step: total! / steps!, outside: 1 - run! / total! };
}

function stepTimes(client: Client): Promise<number[]> {
  const names = ['steps', 'step_seconds', 'run_seconds'];
  return Promise.all(names.map((name) => client.metric(`softprompt_engine_${name}_total`)));
}

/** Bytes of weights that a step reads: the layers and the head; of a separate embedding table only rows. */
function weightBytes({ manifest }: Bundle): number {
  const { files, config, precision } = manifest;
  const headIsTable = config.tiedEmbeddings && precision === 'float32';
  return files[BUNDLE_FILES.weights]!.bytes + (headIsTable ? files[BUNDLE_FILES.embeddings]!.bytes : 0);
}

function report(rounds: readonly Round[], bundle: Bundle, bandwidth: number): void {
  const of = (select: (round: Round) => number) => median(rounds.map(select));
  const none = of(({ firstToken }) => firstToken.none);
  const firstRow = (what: string, seconds: number) => ({
    'time to first token': what,
    ms: Number((seconds * 1000).toFixed(1)),
    'against no prompt': Number((seconds / none).toFixed(2)),
  });
  console.table([
    firstRow(`${INPUT_TOKENS} input tokens`, none),
    firstRow(
      `${VIRTUAL_TOKENS}-token prompt + ${INPUT_TOKENS}`,
      of(({ firstToken }) => firstToken.prompt),
    ),
    firstRow(
      `${VIRTUAL_TOKENS} tokens as text + ${INPUT_TOKENS}`,
      of(({ firstToken }) => firstToken.text),
    ),
  ]);
  const alone = of(({ decode }) => decode[0]!.tokensPerSecond);
  console.table(
    ROWS.map((rows, i) => {
      const tokensPerSecond = of(({ decode }) => decode[i]!.tokensPerSecond);
      const weightsRead = (weightBytes(bundle) * tokensPerSecond) / rows;
      return {
        rows,
        'decoded tokens/s': Number(tokensPerSecond.toFixed(1)),
        'against 1 row': Number((tokensPerSecond / alone).toFixed(2)),
        'weights read, GB/s': Number((weightsRead / 1e9).toFixed(1)),
        'of the bandwidth': `${((100 * weightsRead) / bandwidth).toFixed(0)} %`,
        'ms a step': Number((1000 * of(({ decode }) => decode[i]!.step)).toFixed(1)),
        'outside session.run': `${(100 * of(({ decode }) => decode[i]!.outside)).toFixed(1)} %`,
      };
    }),
  );
}

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    precision: { type: 'string' },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '7' },
  },
});
const { model, precision, threads } = values;
const directory = await mkdtemp(join(tmpdir(), 'softprompt-bench-'));
const db = join(directory, 'bench.db');
try {
  const config = loadConfig({ model, precision, threads, port: '0', db });
  const bundle = await resolveModel(config.model, { ...config, onNotice: console.error });
  const service = await startService({ ...config, model: bundle.directory }, pino({ level: 'error' }));
  try {
    const client = new Client(service.url);
    const { id, config: decoder } = bundle.manifest;
    const prompt = randomPrompt(1, VIRTUAL_TOKENS, decoder.hiddenSize);
    succeeded(await client.uploadTensor(TASK, prompt), 'upload of the prompt');
    await measureRound(client, id); // warms caches and allocators
    const rounds: Round[] = [];
    const bandwidths: number[] = [];
    while (rounds.length < Number(values.rounds)) {
      rounds.push(await measureRound(client, id));
      bandwidths.push(await readBandwidth(availableParallelism()));
    }
    const bandwidth = median(bandwidths);
    console.log(
      `${id}, ${bundle.manifest.precision}, ${(weightBytes(bundle) / 1e6).toFixed(0)} MB of weights a step; ` +
        `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} threads, ` +
        `memory read at ${(bandwidth / 1e9).toFixed(1)} GB/s; medians of ${rounds.length} rounds`,
    );
    report(rounds, bundle, bandwidth);
  } finally {
    await service.close();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

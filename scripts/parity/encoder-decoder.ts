/**
 * Checks the engine against recordings of PEFT on encoder-decoder models that give the logits behind some decoder tokens,
 * which no HTTP request asks for, and prints a table of the largest differences. Exits with 1 when one is beyond its
 * tolerance.
 *
 *   node --import tsx scripts/parity/encoder-decoder.ts FOLDER [FAMILY ...]
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Engine, PromptHandle } from '../../src/domain/engine.ts';
import { createEngine } from '../../src/engine/supervisor.ts';
import { importModel } from '../../src/model/import.ts';
import { readPromptFile } from '../../src/peft/prompt-file.ts';
import { logSoftmax } from '../../test/support/numbers.ts';
import { readIndex } from '../../test/support/recordings.ts';

interface Case {
  readonly input_ids: readonly number[];
  /** Behind the last of these stand `last_logits`. */
  readonly decoder_input_ids: readonly number[];
  readonly last_logits: readonly number[];
  readonly greedy_ids: readonly number[];
}

interface CasesFile {
  readonly base: readonly Case[];
  readonly adapters: Readonly<Record<string, { readonly dir: string; readonly cases: readonly Case[] }>>;
}

const TURN = { priority: 'interactive', flow: 'parity' } as const;
const GREEDY = {
  temperature: 0,
  topP: 1,
  topK: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 0,
};
const never = new AbortController().signal;

async function differences(engine: Engine, prompt: PromptHandle | null, recorded: Case) {
  const {
    input_ids: inputIds,
    decoder_input_ids: read,
    last_logits: logits,
    greedy_ids: expected,
  } = recorded;
  const greedy: number[] = [];
  const request = { ...TURN, prompt, inputIds, sampling: GREEDY, stopTokenIds: [] };
  const events = engine.generate(
    { ...request, maxTokens: expected.length, topLogprobs: null, inputLogprobs: false },
    never,
  );
  for await (const event of events) if (event.type === 'token') greedy.push(event.id);
  // The engine reads the start token by itself.
  const continuations = logits.map((_, token) => [...read.slice(1), token]);
  const scores = await engine.score({ ...TURN, prompt, inputIds, continuations }, never);
  const logprobs = logSoftmax(logits);
  return {
    ids: expected.filter((id, i) => id !== greedy[i]).length,
    logprobs: Math.max(...scores.map((score, token) => Math.abs(score.at(-1)! - logprobs[token]!))),
  };
}

async function check(folder: string, family: string): Promise<object[]> {
  const file = JSON.parse(await readFile(join(folder, family, 'cases.json'), 'utf8')) as CasesFile;
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-parity-'));
  const prompts = new Map<string, Float32Array>();
  const source = join(folder, family, 'model');
  const options = { source, target: join(directory, 'bundle'), id: family, precision: 'float32' } as const;
  const engine = createEngine({
    bundle: await importModel(options),
    prompts: { load: async (key) => prompts.get(key)!.slice() },
    threads: 0,
    maxBatchSize: 8,
    maxQueueLength: 64,
    kvCacheBytes: 2 ** 28,
    prefixCacheBytes: 2 ** 26,
    inputCacheBytes: 0,
    queueTimeoutMs: 600_000,
    maxQueueWaitMs: 600_000,
    stallMs: 600_000,
    onFatal: ({ error }) => {
      throw error;
    },
    onFailure: (error) => console.error(error),
  });
  await engine.loaded;
  const subjects: (readonly [string, PromptHandle | null, readonly Case[]])[] = [['base', null, file.base]];
  for (const [name, { dir, cases }] of Object.entries(file.adapters)) {
    const config = JSON.parse(await readFile(join(folder, family, dir, 'adapter_config.json'), 'utf8'));
    const tensor = readPromptFile(await readFile(join(folder, family, dir, 'adapter_model.safetensors')));
    const length = config.num_virtual_tokens as number;
    prompts.set(name, tensor.rows.slice(0, length * tensor.tokenDim));
    subjects.push([name, { key: name, length, form: 'rows' }, cases]);
  }
  try {
    const rows: object[] = [];
    for (const [subject, prompt, cases] of subjects) {
      const found = await Promise.all(cases.map((recorded) => differences(engine, prompt, recorded)));
      rows.push({
        family,
        subject,
        cases: cases.length,
        'greedy ids that differ': found.reduce((sum, { ids }) => sum + ids, 0),
        'log-probabilities, all tokens': Number(
          Math.max(...found.map(({ logprobs }) => logprobs)).toPrecision(3),
        ),
      });
    }
    return rows;
  } finally {
    await engine.close();
    await rm(directory, { recursive: true });
  }
}

const { positionals } = parseArgs({ allowPositionals: true });
const [folder, ...names] = positionals;
if (folder === undefined) throw new Error('usage: encoder-decoder.ts FOLDER [FAMILY ...]');
const { tolerance } = await readIndex(folder);
for (const name of names.length > 0 ? names : ['t5', 't5v11']) {
  const rows = (await check(folder, name)) as { readonly [key: string]: number }[];
  console.table(rows);
  const agrees = rows.every(
    (row) =>
      row['greedy ids that differ'] === 0 && row['log-probabilities, all tokens']! <= tolerance.logits_abs,
  );
  if (!agrees) process.exitCode = 1;
}

/**
 * `npm run vllm -- --python VENV/bin/python`: the same requests to the embedded engine and to a real vLLM server that has the same
 * float32 weights, over HTTP; then clients that leave, and a vLLM server that is killed under load. docs/vllm.md says how the
 * environment is made.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Finding, progress, report } from '../../reliability/support/proof.ts';
import type { Flags } from '../../src/config.ts';
import { torchFile } from '../../src/engine/vllm/torch-file.ts';
import { openEmbedded } from '../../src/model/embedded.ts';
import { startTestService, type TestService } from '../../test/support/service.ts';
import {
  checkSeeds,
  checkStops,
  compareEcho,
  compareGreedy,
  compareLabels,
  compareScores,
  refusalCode,
} from './compare.ts';
import { cancelStreams, killUnderLoad } from './faults.ts';
import { writeModel } from './model.ts';
import { VllmProcess } from './server.ts';
import { readMessages, TASKS, uploadTasks } from './tasks.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    texts: { type: 'string', default: '50' },
    port: { type: 'string', default: '8191' },
    log: { type: 'string', default: join(tmpdir(), 'softprompt-vllm.log') },
  },
});
const { python, log } = values;
if (python === undefined)
  throw new Error('usage: npm run vllm -- --python VENV/bin/python [--texts 50] [--port 8191]');
const MODEL = 'parity';
const LEAST_IDENTICAL = 0.99;
const LARGEST_DIFFERENCE = 1e-3;

/** What torch makes of a file that this project wrote: the difference of the sums of its numbers. */
async function checkTorchFile(directory: string): Promise<number> {
  const [rows, width] = [257, 256];
  const numbers = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i));
  const file = join(directory, 'embeds.pt');
  await writeFile(file, torchFile([numbers], width));
  const script = fileURLToPath(new URL('torch_files.py', import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    python!,
    [script, 'check', file, String(rows), String(width)],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(stderr);
  const sum = numbers.reduce((total, value) => total + value, 0);
  return Math.abs(Number(stdout) - sum);
}

const directory = await mkdtemp(join(tmpdir(), 'softprompt-vllm-'));
const source = join(directory, 'model');
await writeModel(source);
const startVllm = () => VllmProcess.start({ python, model: source, port: Number(values.port), log });
let vllm = await startVllm();
const services: TestService[] = [];
const start = async (flags: Flags): Promise<TestService> => {
  const service = await startTestService({ source, name: MODEL, flags });
  services.push(service);
  return service;
};
try {
  const embedded = await start({});
  const served = await start({ engine: 'vllm', vllmUrl: vllm.url, maxQueueWaitMs: '60000' });
  const pair = { embedded: embedded.client, vllm: served.client };
  const { hiddenSize } = (await openEmbedded()).manifest.config;
  for (const client of [pair.embedded, pair.vllm]) await uploadTasks(client, hiddenSize);
  const texts = await readMessages(Number(values.texts));
  const models = [MODEL, ...TASKS];
  const some = texts.slice(0, 12);
  const findings: Finding[] = [];
  const add = (what: string, target: string, measured: string, met: boolean | null) => {
    process.stderr.write(`${what}: ${measured}\n`);
    findings.push({ what, target, measured, met });
  };
  const near = (what: string, difference: number) =>
    add(what, `<= ${LARGEST_DIFFERENCE}`, difference.toExponential(1), difference <= LARGEST_DIFFERENCE);

  const total = models.length * texts.length;
  const greedy = await compareGreedy(pair, models, texts, progress('greedy', total));
  const share = greedy.identical / greedy.requests;
  add(
    `identical greedy sequences of 32 tokens, of ${greedy.requests} of ${models.length} models`,
    `>= ${LEAST_IDENTICAL * 100} %`,
    `${greedy.identical} (${(100 * share).toFixed(1)} %)`,
    share >= LEAST_IDENTICAL,
  );
  const gaps = greedy.gaps.map((gap) => gap.toExponential(1));
  add('where they part: nats between the two best tokens', '', gaps.join(', ') || 'none parts', null);
  near('largest difference of a log-probability', greedy.logprobs);

  const learned = await compareLabels(pair, ['spam', 'style'], texts);
  add(
    `same label, of ${learned.inputs} inputs of spam and style`,
    'all',
    String(learned.agree),
    learned.agree === learned.inputs,
  );
  near('largest difference of the probability of a label', learned.probabilities);
  const labels = [' a very long label', ' a very short one', ' not this', ' nothing'];
  const long = await compareLabels(pair, [MODEL, 'noise'], some, labels);
  add(
    `same label of several tokens, of ${long.inputs} inputs`,
    'all',
    String(long.agree),
    long.agree === long.inputs,
  );
  near('largest difference of the probability of such a label', long.probabilities);
  near(
    'largest difference of a log-likelihood of a text behind another',
    await compareScores(pair, 'style', some),
  );
  near(
    'largest difference of a log-probability of an echoed input',
    await compareEcho(pair, MODEL, texts[0]!),
  );
  const seeds = await checkSeeds(pair, 'style', texts[0]!);
  add('a seed gives the same output again, another seed another', 'yes', seeds ? 'yes' : 'no', seeds);
  const stops = await Promise.all(some.map((text) => checkStops(pair, 'style', text)));
  const same = stops.filter(Boolean).length;
  add('a stop string ends the same text', `${stops.length}`, `${same}`, same === stops.length);
  const echo = { model: 'style', prompt: 'a', echo: true, logprobs: 1 };
  const code = await refusalCode(pair.vllm, '/v1/completions', echo);
  add(
    'an echoed input with log-probabilities behind a soft prompt',
    'engine_cannot',
    code,
    code === 'engine_cannot',
  );
  const torch = await checkTorchFile(directory);
  add(
    'torch.load(weights_only=True) of a file from here: difference of sums',
    '<= 1e-9',
    torch.toExponential(1),
    torch <= 1e-9,
  );

  const cancelled = await cancelStreams(served.url, vllm, 'style', 8);
  const freed = `${cancelled.before} before, 0 after ${Math.round(cancelled.afterMs)} ms`;
  add(
    `requests at vLLM when ${cancelled.streams} clients leave`,
    '0 within 1000 ms',
    freed,
    cancelled.afterMs <= 1000,
  );

  const killed = await killUnderLoad(pair.vllm, vllm, startVllm, 'style');
  vllm = killed.vllm;
  const kinds = Object.entries(killed.answers).map(([name, count]) => `${count} x ${name}`);
  const onlyThose = Object.keys(killed.answers).every((name) => /^(200|503)\b/.test(name));
  add(
    'answers while vLLM is killed under load and starts again',
    '200 and 503 only',
    kinds.join(', '),
    onlyThose,
  );
  add('slowest of them', '', `${Math.round(killed.slowestMs)} ms`, null);
  add(
    'ready again after vLLM answers',
    '<= 3000 ms',
    `${Math.round(killed.backMs)} ms`,
    killed.backMs <= 3000,
  );
  add('the same tokens as before', 'yes', killed.isRightAgain ? 'yes' : 'no', killed.isRightAgain);
  report(`npm run vllm -- --texts ${values.texts}`, findings);
} finally {
  await Promise.all(services.map((service) => service.close()));
  await vllm.kill();
  await rm(directory, { recursive: true, force: true });
}

/**
 * `npm run fuzz -- --seconds 600`: mutants of tensors, configs, forms, JSON bodies and training rows, each target in a
 * process of its own, `--parallel` at a time. `--target a,b` takes some of them. What reaches something new is kept in
 * fuzz/corpus, what must not happen in fuzz/findings, and the counts in fuzz/runs.json unless `--keep 0`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Message, Report } from './fuzz/child.ts';
import { writeInput } from './fuzz/corpus.ts';
import { SLOW_MS } from './fuzz/fuzz.ts';
import { addRuns, readRuns } from './fuzz/runs.ts';
import { TARGETS } from './fuzz/targets/index.ts';
import { readOptions } from './support/options.ts';
import { type Finding, report } from './support/proof.ts';

const PROMISED = 10_000_000;
/** What is fuzzed is the build: it is what is shipped, and faster than the sources as tsx compiles them. */
const BUILT = new URL('../scripts/built/register.mjs', import.meta.url).href;

const options = readOptions({
  target: Object.keys(TARGETS).join(),
  seconds: 60,
  seed: 1,
  parallel: 2,
  keep: 1,
});
const names = options.target.split(',');
const unknown = names.find((name) => !Object.hasOwn(TARGETS, name));
if (unknown !== undefined) throw new Error(`--target takes ${Object.keys(TARGETS)}, not ${unknown}`);

const reports = new Map<string, Report>();
const counts = new Map<string, number>();
const left = names.values();
await Promise.all(
  Array.from({ length: options.parallel }, async () => {
    for (const name of left) reports.set(name, await fuzzTarget(name));
  }),
);
process.stderr.write('\n');
if (options.keep === 1) {
  const date = new Date().toISOString().slice(0, 10);
  addRuns(
    [...reports].map(([target, { mutants, accepted, slowestMs, faults }]) => ({
      date,
      target,
      seed: options.seed,
      mutants,
      accepted,
      slowestMs: Math.round(slowestMs),
      faults: faults.length,
    })),
  );
}
report(`npm run fuzz -- --seconds ${options.seconds} --seed ${options.seed}`, findings());

async function fuzzTarget(name: string): Promise<Report> {
  const args = [name, `${options.seed}`, `${options.seconds}`];
  const child = fork(fileURLToPath(new URL('fuzz/child.ts', import.meta.url)), args, {
    execArgv: ['--import', 'tsx', '--import', BUILT],
  });
  let done: Report | null = null;
  child.on('message', (message: Message) => {
    if ('report' in message) done = message.report;
    else tell(name, message.mutants);
  });
  const [code, signal] = await once(child, 'exit');
  const dead = {
    what: 'crash',
    detail: `the process ended with ${code ?? signal}`,
    context: '',
    bytes: '',
  } as const;
  return (
    done ?? {
      mutants: counts.get(name) ?? 0,
      accepted: 0,
      signatures: 0,
      slowestMs: 0,
      kept: 0,
      faults: [dead],
    }
  );
}

function tell(name: string, mutants: number): void {
  counts.set(name, mutants);
  process.stderr.write(`\r${[...counts].map(([target, count]) => `${target} ${count}`).join(', ')} `);
}

function findings(): Finding[] {
  const all = [...reports.values()];
  const faults = all.flatMap((one) => one.faults);
  const directory = fileURLToPath(new URL('fuzz/findings', import.meta.url));
  for (const { what, detail, context, bytes } of faults) {
    const path = writeInput(directory, { context, bytes: Buffer.from(bytes, 'base64') });
    process.stderr.write(`${what}: ${path}\n${detail}\n`);
  }
  const none = (what: Report['faults'][number]['what'], text: string): Finding => {
    const count = faults.filter((fault) => fault.what === what).length;
    return { what: text, target: '0', measured: `${count}`, met: count === 0 };
  };
  const cumulative = readRuns().reduce((sum, { mutants }) => sum + mutants, 0);
  return [
    ...[...reports].map(([name, { mutants, accepted, signatures, kept, slowestMs }]) => ({
      what: name,
      target: '',
      measured:
        `${mutants} mutants, ${accepted} accepted, ${signatures} kinds of outcome, ` +
        `${kept} new in the corpus, slowest ${slowestMs.toFixed(0)} ms`,
      met: null,
    })),
    none('crash', 'crashes'),
    none('slow', `mutants over ${SLOW_MS} ms`),
    none('wrongly accepted', 'wrongly accepted, by an independent reading'),
    {
      what: 'mutants in all runs that were kept',
      target: `>= ${PROMISED}`,
      measured: `${cumulative}`,
      met: cumulative >= PROMISED ? true : null,
    },
  ];
}

/**
 * The benchmark of one half of the service: serving or, with --training, learning. See options.ts for the command
 * line, serving.ts and training/measure.ts for what is measured.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config.ts';
import { describeMachine } from './machine.ts';
import { parseOptions, USAGE } from './options.ts';
import { renderReport } from './report/report.ts';
import { writeResults } from './report/results-file.ts';
import { measureServing } from './serving.ts';
import { measureTraining } from './training/measure.ts';
import { findGguf } from './weights.ts';

/** The command as a reader would repeat it: without where its output went. */
function commandOf(args: readonly string[]): string {
  const shown = args.filter((arg, i) => !OUTPUT_OPTIONS.has(arg) && !OUTPUT_OPTIONS.has(args[i - 1] ?? ''));
  return ['npm run bench', ...(shown.length > 0 ? ['--', ...shown] : [])].join(' ');
}

const OUTPUT_OPTIONS: ReadonlySet<string> = new Set(['--json', '--out']);
const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(USAGE);
  process.exit();
}
const options = parseOptions(args);
const began = performance.now();
const log = (message: string) =>
  console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${message}`);

const config = loadConfig({});
const gguf = await findGguf(options.model, config.home);
const directory = await mkdtemp(join(tmpdir(), 'softprompt-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
process.setMaxListeners(0); // one a child process, so that none outlives this one
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const open: { close(): Promise<void> }[] = [];
try {
  const measure = options.half === 'training' ? measureTraining : measureServing;
  const outcome = await measure({
    options,
    config,
    gguf,
    directory,
    log,
    closeAtEnd: (part) => open.push(part),
  });
  const report = renderReport(
    {
      command: commandOf(args),
      machine: describeMachine(options.threads),
      rounds: options.rounds,
      seconds: (performance.now() - began) / 1000,
    },
    outcome,
  );
  console.log(report);
  if (options.out !== null) await writeResults(options.out, options.half, report);
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(outcome.samples, null, 2)}\n`);
} finally {
  for (const part of open.reverse()) await part.close();
}

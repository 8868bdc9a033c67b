/**
 * The benchmark of one half of the service: serving or, with --training, learning. See options.ts for the command
 * line, serving.ts and training/measure.ts for what is measured.
 */
import { writeFile } from 'node:fs/promises';
import { loadConfig } from '../src/config.ts';
import { describeMachine } from './machine.ts';
import { parseOptions, USAGE } from './options.ts';
import { renderReport } from './report/report.ts';
import { writeResults } from './report/results-file.ts';
import { commandOf, startRun } from './run.ts';
import { measureServing } from './serving.ts';
import { measureTraining } from './training/measure.ts';
import { findGguf } from './weights.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(USAGE);
  process.exit();
}
const options = parseOptions(args);
const { directory, log, seconds } = await startRun();
const config = loadConfig({});
const gguf = await findGguf(options.model, config.home);
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
      command: commandOf('bench', args),
      machine: describeMachine(options.threads),
      rounds: options.rounds,
      seconds: seconds(),
    },
    outcome,
  );
  console.log(report);
  if (options.out !== null) await writeResults(options.out, options.half, report);
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(outcome.samples, null, 2)}\n`);
} finally {
  for (const part of open.reverse()) await part.close();
}

/** The benchmark on one device beside PEFT on the same: see options.ts for the command line, figures.ts for what is measured. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import { describeMachine } from '../machine.ts';
import { torchPython } from '../peers/python.ts';
import { writeResults } from '../report/results-file.ts';
import { commandOf, startRun } from '../run.ts';
import { describeCards, onnxruntimeVersion } from './cards.ts';
import type { Group } from './group.ts';
import { measureGroup } from './measure.ts';
import { parseDeviceOptions, USAGE } from './options.ts';
import { renderDeviceReport } from './report.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(USAGE);
  process.exit();
}
const options = parseDeviceOptions(args);
const { directory, log, seconds } = await startRun();
const config = loadConfig({});
const installed = () => torchPython({ directory: join(config.home, 'bench-peers') });
const python = options.peers ? (options.python ?? (await installed())) : null;
const [cards, onnxruntime] = [await describeCards(), await onnxruntimeVersion()];

const groups: Group[] = [];
const report = (): string =>
  renderDeviceReport(
    {
      command: commandOf('bench:devices', args),
      machine: describeMachine(options.threads),
      rounds: options.rounds,
      seconds: seconds(),
      stepsPerRun: options.stepsPerRun,
      cards,
      onnxruntime,
    },
    groups,
  );
for (const shape of options.shapes) {
  for (const precision of options.precisions) {
    try {
      groups.push(await measureGroup(shape, precision, { options, python, directory, log }, config));
    } catch (error) {
      log(`${shape.title} cannot be measured in ${precision}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
    if (options.out !== null) await writeResults(options.out, 'devices', report());
    if (options.json !== null)
      await writeFile(options.json, `${JSON.stringify(groups.map(samplesOf), null, 2)}\n`);
  }
}
console.log(report());
if (groups.every(({ device }) => device === null)) process.exitCode = 1;

function samplesOf({ shape, precision, device, samples }: Group): object {
  return { shape, precision, device, samples };
}

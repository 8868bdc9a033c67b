/**
 * The benchmark: the service over HTTP at each precision and, with --peers, other systems on the same weights.
 * See options.ts for the command line and workloads/ for what is measured.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config.ts';
import { BUNDLE_FILES } from '../src/model/bundle.ts';
import { AGREEMENT_PROMPT, agreements } from './agreement.ts';
import { describeMachine } from './machine.ts';
import { serviceName } from './names.ts';
import { parseOptions, USAGE } from './options.ts';
import { startPeers } from './peers/index.ts';
import { PromptWriter } from './prompts.ts';
import { seededRandom } from './random.ts';
import { type MeasuredSystem, renderReport } from './report/report.ts';
import { writeResults } from './report/results-file.ts';
import { Samples } from './samples.ts';
import { Service } from './service.ts';
import { bundleOf, findGguf } from './weights.ts';
import type { Context } from './workload.ts';
import { WORKLOADS } from './workloads/index.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(USAGE);
  process.exit();
}
const options = parseOptions(args);
const { threads, rounds } = options;
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
  const workloads = WORKLOADS.filter(({ id }) => options.workloads.includes(id));
  const services: Service[] = [];
  for (const precision of options.precisions) {
    const bundle = await bundleOf(gguf, precision, config);
    const name = serviceName(precision);
    log(`starting ${name}`);
    const service = await Service.start({ bundle, name, threads, db: join(directory, `${precision}.db`) });
    open.push(service);
    services.push(service);
  }
  const writer = await PromptWriter.open(services[0]!.bundle);
  open.push(writer);
  for (const service of services) {
    await service.register([AGREEMENT_PROMPT], writer);
    for (const { prompts = [] } of workloads) await service.register(prompts, writer);
  }
  const { peers, unavailable } = await startPeers(
    options.peers,
    {
      gguf,
      threads,
      tokenizer: join(services[0]!.bundle.directory, BUNDLE_FILES.tokenizer),
      directory: options.peersDirectory ?? join(config.home, 'bench-peers'),
    },
    log,
  );
  open.push(...peers);

  const systems = [...services, ...peers];
  const samples = new Samples(systems.map(({ name }) => name));
  const context: Context = {
    services,
    peers,
    samples,
    rounds,
    writer,
    log,
    random: seededRandom(Date.now()), // never the inputs of an earlier run
    startService: (bundle, name, database) =>
      Service.start({ bundle, name, threads, db: join(directory, `${database}.db`) }),
  };
  const agreement = await agreements(systems);
  for (const workload of workloads) {
    log(`${workload.id}: ${workload.title}`);
    await workload.run(context);
  }

  const measured: MeasuredSystem[] = [];
  for (const [i, { name, description, softPrompts }] of systems.entries()) {
    const peakRss = await systems[i]!.peakRss();
    measured.push({ name, description, softPrompts, peakRss, agreement: agreement[i]! });
  }
  const report = renderReport(
    {
      command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
      machine: describeMachine(threads),
      model: services[0]!.bundle.manifest.source.description,
      rounds,
      seconds: (performance.now() - began) / 1000,
      systems: measured,
      unavailable,
      workloads,
    },
    samples,
  );
  console.log(report);
  if (options.out !== null) await writeResults(options.out, report);
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(samples, null, 2)}\n`);
} finally {
  for (const part of open.reverse()) await part.close();
}

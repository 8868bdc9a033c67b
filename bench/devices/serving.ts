import { join } from 'node:path';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { AGREEMENT_PROMPT, agreements } from '../agreement.ts';
import { peftName } from '../names.ts';
import { startPeftOn } from '../peers/peft.ts';
import { PromptWriter } from '../prompts.ts';
import { seededRandom } from '../random.ts';
import { systemsTable } from '../report/systems.ts';
import type { Table } from '../report/table.ts';
import { Service } from '../service.ts';
import type { System } from '../system.ts';
import type { Context, Workload } from '../workload.ts';
import { decodeBandwidth, MEAN_PAST } from './decode-bandwidth.ts';
import { decodeBytes } from './decode-bytes.ts';
import { MOST_STREAMS } from './figures.ts';
import type { Group } from './group.ts';
import { openMemoryMeter } from './memory-meter.ts';
import { startWithoutPrefixes } from './services.ts';
import { dtypeBeside, torchDevice } from './systems.ts';
import { firstToken, streams, tasks } from './workloads.ts';

type Closing = (part: { close(): Promise<void> }) => void;

/** All workloads of serving, on services that run on `device` and on PEFT beside them. */
export async function measureServing(
  group: Group,
  services: readonly Service[],
  device: string,
  closeAtEnd: Closing,
): Promise<void> {
  const { bundle, samples, setting } = group;
  const writer = await PromptWriter.open(bundle);
  closeAtEnd(writer);
  const peers = await startPeers(group, device, closeAtEnd);
  const workloads = await chosenWorkloads(group, device, closeAtEnd);
  for (const service of services) {
    await service.register([AGREEMENT_PROMPT], writer);
    for (const { prompts = [] } of workloads) await service.register(prompts, writer);
  }
  const context: Context = {
    services,
    peers,
    samples,
    writer,
    rounds: setting.options.rounds,
    random: seededRandom(Date.now()), // never the inputs of an earlier run
    startService: (of, name, database) =>
      Service.start({
        bundle: of,
        name,
        threads: setting.options.threads,
        db: join(setting.directory, `${database}.db`),
      }),
    log: setting.log,
  };
  const systems = [...services, ...peers];
  const agreement =
    (await group.attempt('the same greedy tokens', () => agreements(systems))) ??
    systems.map(() => 'unknown');
  for (const workload of workloads) await group.measure(workload, context);
  group.systems = await describe(systems, agreement);
  if (workloads.includes(firstToken)) await measureWithoutPrefixes(group, context);
}

/** None where it is not asked for or does not start. */
async function startPeers(group: Group, device: string, closeAtEnd: Closing): Promise<readonly System[]> {
  const { bundle, precision, weights, setting } = group;
  const { python, options } = setting;
  if (python === null) return [];
  const dtype = dtypeBeside(precision);
  const tokenizer = join(bundle.directory, BUNDLE_FILES.tokenizer);
  const peer = await group.attempt(`start of ${peftName(dtype)}`, () =>
    startPeftOn({ python, weights, dtype, threads: options.threads, device: torchDevice(device) }, tokenizer),
  );
  if (peer === null) return [];
  closeAtEnd(peer);
  return [peer];
}

async function chosenWorkloads(group: Group, device: string, closeAtEnd: Closing): Promise<Workload[]> {
  const { sizes, precision, setting } = group;
  const { workloads, threads } = setting.options;
  const chosen: Workload[] = [];
  if (workloads.includes('streams')) chosen.push(streams);
  if (workloads.includes('tasks')) chosen.push(tasks);
  if (workloads.includes('first-token')) chosen.push(firstToken);
  if (!workloads.includes('bandwidth')) return chosen;
  const meter = await group.attempt("the memory's bandwidth", () =>
    openMemoryMeter(device, threads, setting.python),
  );
  if (meter === null) return chosen;
  closeAtEnd(meter);
  const step = { rows: MOST_STREAMS, past: MEAN_PAST };
  const bytesOf = (system: System): number =>
    system instanceof Service
      ? decodeBytes(sizes, { ...step, precision }, system.weightBytes)
      : decodeBytes(sizes, { ...step, precision: dtypeBeside(precision) }, 0);
  return [...chosen, decodeBandwidth({ rows: MOST_STREAMS, bytesOf, meter })];
}

async function describe(systems: readonly System[], agreement: readonly string[]): Promise<Table> {
  const measured = systems.map(async ({ name, description, softPrompts }, i) => ({
    name,
    description,
    softPrompts,
    peakRss: await systems[i]!.peakRss(),
    agreement: agreement[i]!,
  }));
  return systemsTable(await Promise.all(measured), []);
}

/** The first token again, of one service after the other, so that a card holds one of them more at a time. */
async function measureWithoutPrefixes(group: Group, context: Context): Promise<void> {
  for (const steps of group.setting.options.stepsPerRun) {
    const service = await group.attempt('start without prefixes', () => startWithoutPrefixes(group, steps));
    if (service === null) continue;
    try {
      await service.register(firstToken.prompts ?? [], context.writer);
      await group.measure(firstToken, { ...context, services: [service] });
    } finally {
      await service.close();
    }
  }
}

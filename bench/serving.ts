/** The serving half: the service over HTTP at each precision and, with --peers, other systems on the same weights. */
import { join } from 'node:path';
import { BUNDLE_FILES } from '../src/model/bundle.ts';
import { AGREEMENT_PROMPT, agreements } from './agreement.ts';
import { serviceName } from './names.ts';
import { startPeers } from './peers/index.ts';
import { PromptWriter } from './prompts.ts';
import { seededRandom } from './random.ts';
import type { Outcome } from './report/report.ts';
import { SERVING_FIGURES } from './report/serving-figures.ts';
import { type MeasuredSystem, systemsTable } from './report/systems.ts';
import { Samples } from './samples.ts';
import { Service } from './service.ts';
import type { Setting } from './setting.ts';
import { bundleOf } from './weights.ts';
import type { Context } from './workload.ts';
import { WORKLOADS } from './workloads/index.ts';

export async function measureServing(setting: Setting): Promise<Outcome> {
  const { options, config, gguf, directory, log } = setting;
  const { threads, rounds } = options;
  const workloads = WORKLOADS.filter(({ id }) => options.workloads.includes(id));
  const services: Service[] = [];
  for (const precision of options.precisions) {
    const bundle = await bundleOf(gguf, precision, config);
    const name = serviceName(precision);
    log(`starting ${name}`);
    const service = await Service.start({ bundle, name, threads, db: join(directory, `${precision}.db`) });
    setting.closeAtEnd(service);
    services.push(service);
  }
  const writer = await PromptWriter.open(services[0]!.bundle);
  setting.closeAtEnd(writer);
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
  peers.forEach(setting.closeAtEnd);

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
  return {
    model: services[0]!.bundle.manifest.source.description,
    samples,
    figures: SERVING_FIGURES,
    tables: [
      systemsTable(measured, unavailable),
      ...workloads.flatMap((workload) => workload.tables(samples)),
    ],
  };
}

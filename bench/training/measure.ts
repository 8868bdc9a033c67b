/** The training half: steps beside PEFT's, its recordings, a job of the service, and serving beside a job. */
import { join } from 'node:path';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { PEFT, serviceName } from '../names.ts';
import { startPeftTraining } from '../peers/peft-training.ts';
import { PromptWriter } from '../prompts.ts';
import { seededRandom } from '../random.ts';
import type { Outcome } from '../report/report.ts';
import type { Unavailable } from '../report/systems.ts';
import type { Table } from '../report/table.ts';
import { TRAINING_FIGURES } from '../report/training-figures.ts';
import { Samples } from '../samples.ts';
import { Service } from '../service.ts';
import type { Setting } from '../setting.ts';
import { bundleOf } from '../weights.ts';
import type { TrainingContext } from './context.ts';
import { StepSystem } from './step-system.ts';
import { TRAINING_WORKLOADS } from './workloads/index.ts';

export async function measureTraining(setting: Setting): Promise<Outcome> {
  const { options, config, gguf, directory, log } = setting;
  const { threads, rounds } = options;
  const workloads = TRAINING_WORKLOADS.filter(({ id }) => options.workloads.includes(id));
  const name = serviceName('float32');
  const bundle = await bundleOf(gguf, 'float32', config);
  const writer = await PromptWriter.open(bundle);
  setting.closeAtEnd(writer);
  const samples = new Samples([name, PEFT]);
  const systems = new Map<string, string>();
  const unavailable: Unavailable[] = [];
  const context: TrainingContext = {
    options,
    bundle,
    samples,
    rounds,
    writer,
    log,
    random: seededRandom(Date.now()),
    async startStepSystems() {
      const peerOptions = {
        gguf,
        threads,
        tokenizer: join(bundle.directory, BUNDLE_FILES.tokenizer),
        directory: options.peersDirectory ?? join(config.home, 'bench-peers'),
      };
      const started = [await StepSystem.ours(name, bundle.directory, threads)];
      setting.closeAtEnd(started[0]!);
      try {
        const peft = await startPeftTraining(peerOptions);
        setting.closeAtEnd(peft);
        started.push(peft);
      } catch (error) {
        const reason = (error as Error).message;
        log(`${PEFT} is not measured: ${reason}`);
        unavailable.push({ name: PEFT, reason });
      }
      for (const system of started) systems.set(system.name, system.description);
      return started;
    },
    async startService(database) {
      const service = await Service.start({ bundle, name, threads, db: join(directory, `${database}.db`) });
      setting.closeAtEnd(service);
      return service;
    },
  };
  for (const workload of workloads) {
    log(`${workload.id}: ${workload.title}`);
    await workload.run(context);
  }
  return {
    model: bundle.manifest.source.description,
    samples,
    figures: TRAINING_FIGURES,
    tables: [
      ...systemsTable([
        ...systems,
        ...unavailable.map((peer) => [peer.name, `not measured: ${peer.reason}`] as const),
      ]),
      ...workloads.flatMap((workload) => workload.tables(samples)),
    ],
  };
}

/** No table where no workload compares systems. */
function systemsTable(rows: readonly (readonly [name: string, description: string])[]): readonly Table[] {
  if (rows.length === 0) return [];
  const note = 'Steps are measured inside the systems’ own processes; jobs and streams over HTTP.';
  return [{ title: 'Systems', columns: ['system', 'what it is'], rows, note }];
}

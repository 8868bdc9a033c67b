import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import type { Precision } from '../../src/domain/model.ts';
import { parseDevice } from '../../src/engine/devices/device.ts';
import { integer, listOf, membersOf } from '../option-values.ts';
import { SHAPES, type Shape } from './shapes.ts';

export const USAGE = `npm run bench:devices -- [options]

  --device D           where the model runs: auto, cpu, cuda, cuda:N, webgpu (default auto); torch runs on the same card
  --training-device D  where this project learns: auto (default): where it serves if that is CUDA, else the processor
  --shape S,S          ${SHAPES.map(({ id }) => id).join(', ')} (default smollm2,1b): random weights, written once to the cache
  --precision P,P      as softprompt model import takes them (default float32)
  --steps-per-run N,N  decode steps of one run of the model, a column of the table each (default 1,4,16)
  --only W,W           streams, tasks, first-token, bandwidth, training (default: all)
  --rounds N           rounds of the interleaved measurements (default 4)
  --threads N          threads of every system, pinned to the first N processors (default: all there are)
  --python PATH        a Python that has torch, transformers and PEFT; nothing is installed then
  --no-peers           measure this project alone
  --json FILE          also write every sample
  --out FILE           write the tables there, after each shape and precision
`;

export const WORKLOAD_NAMES = ['streams', 'tasks', 'first-token', 'bandwidth', 'training'] as const;
export type WorkloadName = (typeof WORKLOAD_NAMES)[number];

export interface DeviceOptions {
  /** As the service takes it. */
  readonly device: string;
  /** Where this project learns, as the service takes it. */
  readonly trainingDevice: string;
  readonly shapes: readonly Shape[];
  /** As the import takes them. */
  readonly precisions: readonly Precision[];
  readonly stepsPerRun: readonly number[];
  readonly workloads: readonly WorkloadName[];
  readonly rounds: number;
  readonly threads: number;
  /** Null: one is installed. */
  readonly python: string | null;
  readonly peers: boolean;
  readonly json: string | null;
  readonly out: string | null;
}

const MAX_ROUNDS = 100;

/** Reads the command line. Throws with the expected form when a value is not allowed. */
export function parseDeviceOptions(args: readonly string[]): DeviceOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      device: { type: 'string', default: 'auto' },
      'training-device': { type: 'string', default: 'auto' },
      shape: { type: 'string', default: 'smollm2,1b' },
      precision: { type: 'string', default: 'float32' },
      'steps-per-run': { type: 'string', default: '1,4,16' },
      only: { type: 'string', default: WORKLOAD_NAMES.join() },
      rounds: { type: 'string', default: '4' },
      threads: { type: 'string', default: String(availableParallelism()) },
      python: { type: 'string' },
      'no-peers': { type: 'boolean', default: false },
      json: { type: 'string' },
      out: { type: 'string' },
    },
  });
  for (const device of [values.device, values['training-device']]) parseDevice(device);
  const ids = listOf(
    '--shape',
    values.shape,
    SHAPES.map(({ id }) => id),
  );
  // The service's settings know what the import and the engine take.
  const precisions = membersOf(values.precision).map((precision) => loadConfig({ precision }).precision);
  const stepsPerRun = membersOf(values['steps-per-run']).map(
    (text) => loadConfig({ stepsPerRun: text }).stepsPerRun,
  );
  return {
    shapes: SHAPES.filter(({ id }) => ids.includes(id)),
    precisions,
    stepsPerRun,
    device: values.device,
    trainingDevice: values['training-device'],
    workloads: listOf('--only', values.only, WORKLOAD_NAMES),
    rounds: integer('--rounds', values.rounds, MAX_ROUNDS),
    threads: integer('--threads', values.threads, availableParallelism()),
    python: values.python ?? null,
    peers: !values['no-peers'],
    json: values.json ?? null,
    out: values.out ?? null,
  };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHARE } from '../../../bench/devices/decode-bandwidth.ts';
import { type Measured, servingTable, trainingTable } from '../../../bench/devices/figures.ts';
import { type DeviceRun, renderDeviceReport } from '../../../bench/devices/report.ts';
import { SHAPES } from '../../../bench/devices/shapes.ts';
import {
  dtypeBeside,
  torchDevice,
  trainingDevice,
  variantName,
  withoutPrefixes,
} from '../../../bench/devices/systems.ts';
import { describeMachine } from '../../../bench/machine.ts';
import { PEFT, peftName } from '../../../bench/names.ts';
import { Samples } from '../../../bench/samples.ts';
import { stepSeconds } from '../../../bench/training/workloads/step.ts';
import { DISTINCT, IDENTICAL } from '../../../bench/workloads/diversity.ts';
import { LONG_PROMPT, NO_PROMPT } from '../../../bench/workloads/prompt-length.ts';
import { throughput } from '../../../bench/workloads/streams.ts';

const groupOf = (samples: Samples, precision = 'float32'): Measured => ({ shape: 'S', precision, samples });

/** The cells of a number of steps a run, from the top. */
const column = (group: Measured, steps: readonly number[], at: number): string[] =>
  servingTable([group], steps).rows.map((row) => row[4 + at]!);

test('a run that measured nothing claims nothing', () => {
  const group = groupOf(new Samples([]));
  assert.deepEqual(new Set(column(group, [1, 4], 1)), new Set(['not measured']));
  assert.deepEqual(trainingTable([group], ['cpu']).rows[0]!.slice(3), ['not measured in this run', '']);
});

test('each number of steps a run is a column of its own beside the same PEFT', () => {
  const samples = new Samples([]);
  const four = variantName('float32', 4);
  for (const value of [10, 11]) samples.add(PEFT, throughput(1), value);
  for (const value of [20, 11]) samples.add(variantName('float32', 1), throughput(1), value);
  for (const value of [15, 16.5]) samples.add(four, throughput(1), value);
  const group = groupOf(samples);
  assert.equal(column(group, [1, 4], 0)[0], '1.48 (1.00 to 2.00) **missed**');
  assert.equal(column(group, [1, 4], 1)[0], '1.50 met');
  assert.deepEqual(servingTable([group], [1, 4]).columns.slice(4), ['1 step a run', '4 steps a run']);
});

test('figures are met by what is as good as their targets, and missed by what is worse', () => {
  const verdicts = (
    add: (samples: Samples, name: string, figure: string, met: number, missed: number) => void,
  ) => {
    const samples = new Samples([]);
    const ours = variantName('float16', 1);
    const peer = peftName('float16');
    for (const [streams, met] of [
      [1, 1.5],
      [16, 2],
      [64, 2],
    ] as const) {
      add(samples, ours, throughput(streams), met, met - 0.1);
      add(samples, peer, throughput(streams), 1, 1);
    }
    add(samples, ours, DISTINCT, 0.97, 0.96);
    add(samples, ours, IDENTICAL, 1, 1);
    for (const name of [ours, withoutPrefixes(ours)]) {
      add(samples, name, LONG_PROMPT, 1.05, 1.06);
      add(samples, name, NO_PROMPT, 1, 1);
    }
    add(samples, ours, SHARE, 0.5, 0.5);
    return column(groupOf(samples, 'float16'), [1], 0);
  };
  const met = verdicts((samples, name, figure, value) => samples.add(name, figure, value));
  const missed = verdicts((samples, name, figure, _, value) => samples.add(name, figure, value));
  assert.deepEqual(met, ['1.50 met', '2.00 met', '2.00 met', '0.970 met', '1.05 met', '1.05', '50.0 %']);
  assert.equal(missed.filter((cell) => cell.endsWith('**missed**')).length, 5);
  assert.deepEqual(missed.slice(5), ['1.06', '50.0 %']);
});

test('the training step is compared in float32 alone', () => {
  const samples = new Samples([]);
  samples.add(PEFT, stepSeconds(20), 3);
  samples.add(variantName('float32', 1), stepSeconds(20), 2);
  const { rows } = trainingTable([groupOf(samples), groupOf(samples, 'int8')], ['cpu']);
  assert.deepEqual(
    rows.map((row) => row.slice(1)),
    [['S', '>= 1.50', '1.50', 'met']],
  );
});

test('torch runs on the card of the service, in its own precision', () => {
  assert.deepEqual(['cpu', 'cuda:1', 'webgpu'].map(torchDevice), ['cpu', 'cuda:1', 'cuda:0']);
  assert.deepEqual(['float32', 'float16', 'int8'].map(dtypeBeside), ['float32', 'float16', 'float32']);
});

test('this project learns where it serves on CUDA, else on the processor, or where it is told', () => {
  assert.deepEqual(
    ['cuda:1', 'webgpu', 'cpu'].map((device) => trainingDevice('auto', device)),
    ['cuda:1', 'cpu', 'cpu'],
  );
  assert.equal(trainingDevice('cuda', 'cpu'), 'cuda:0');
});

test('a report says where it ran and what could not be measured', () => {
  const run: DeviceRun = {
    command: 'npm run bench:devices',
    machine: describeMachine(1),
    rounds: 1,
    seconds: 60,
    cards: ['cuda:0 Card, driver 1.2, 3 MiB'],
    onnxruntime: '1.30.0',
    stepsPerRun: [1],
  };
  const text = renderDeviceReport(run, [
    {
      ...groupOf(new Samples([])),
      sizes: SHAPES[0]!,
      device: null,
      trainingDevice: null,
      systems: null,
      tables: [],
      failures: [{ what: 'start of a', reason: 'no\nb | c' }],
    },
  ]);
  assert.match(text, /The model ran nowhere: no service started/);
  assert.match(text, /Graphics cards: cuda:0 Card, driver 1\.2, 3 MiB\./);
  assert.match(text, /134\.5 M parameters: 30 layers/);
  assert.match(text, /\| start of a \| no b \\\| c \|/);
});

import { type Run, renderHead } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import { markdownTable } from '../report/table.ts';
import { servingTable, trainingTable } from './figures.ts';
import type { Failure, Group } from './group.ts';
import { parameters } from './shapes.ts';

const WEIGHTS = 'random, of bench/devices/random-model.ts';

export interface DeviceRun extends Run {
  /** As the driver names them. */
  readonly cards: readonly string[];
  /** Version of onnxruntime-node. */
  readonly onnxruntime: string;
  readonly stepsPerRun: readonly number[];
}

/** What can be shown of a shape at a precision. */
export type Shown = Pick<
  Group,
  | 'shape'
  | 'sizes'
  | 'precision'
  | 'samples'
  | 'device'
  | 'trainingDevice'
  | 'systems'
  | 'tables'
  | 'failures'
>;

/** The whole report in Markdown: the figures of all groups, then the tables of each. */
export function renderDeviceReport(run: DeviceRun, groups: readonly Shown[]): string {
  const learned = [...new Set(groups.flatMap(({ trainingDevice }) => trainingDevice ?? []))];
  const figures = [
    servingTable(groups, run.stepsPerRun),
    ...(learned.length > 0 ? [trainingTable(groups, learned)] : []),
  ];
  return [
    renderHead(run, WEIGHTS, null),
    deviceLine(run, groups),
    ...figures.map(markdownTable),
    ...groups.flatMap(details),
  ].join('\n\n');
}

function deviceLine({ cards, onnxruntime }: DeviceRun, groups: readonly Shown[]): string {
  const devices = [...new Set(groups.flatMap(({ device }) => device ?? []))];
  const where = devices.length > 0 ? `on ${devices.join(', ')}` : 'nowhere: no service started';
  return (
    `The model ran ${where}; onnxruntime ${onnxruntime}. ` +
    `Graphics cards: ${cards.length > 0 ? cards.join('; ') : 'none that nvidia-smi names'}.`
  );
}

function details({ sizes, precision, systems, tables, failures }: Shown): string[] {
  const millions = (parameters(sizes) / 1e6).toFixed(1);
  const { layers, hidden, heads, kvHeads, intermediate, vocab } = sizes;
  const all: Table[] = [
    ...(systems === null ? [] : [systems]),
    ...tables,
    ...(failures.length > 0 ? [failuresTable(failures)] : []),
  ];
  return [
    `## ${sizes.title}, ${precision}`,
    `${millions} M parameters: ${layers} layers, hidden ${hidden}, ${heads} heads, ${kvHeads} of keys and values, ` +
      `intermediate ${intermediate}, vocabulary ${vocab}.`,
    ...all.map(markdownTable),
  ];
}

function failuresTable(failures: readonly Failure[]): Table {
  return {
    title: 'Not measured',
    columns: ['what', 'why'],
    rows: failures.map(({ what, reason }) => [what, reason.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')]),
  };
}

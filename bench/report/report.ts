import type { Machine } from '../machine.ts';
import type { Samples } from '../samples.ts';
import { median } from '../statistics.ts';
import { BANDWIDTH, MACHINE } from '../workloads/steps.ts';
import { type Figure, figuresTable } from './figure.ts';
import { markdownTable, type Table } from './table.ts';

/** How and where a run was made, for the head of a report. */
export interface Run {
  readonly command: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
}

/** What a run found. */
export interface Outcome {
  /** Description of the weights. */
  readonly model: string;
  readonly samples: Samples;
  readonly figures: readonly Figure[];
  /** Below the table of the figures. */
  readonly tables: readonly Table[];
}

/** The whole report in Markdown. */
export function renderReport(run: Run, outcome: Outcome): string {
  const tables = [figuresTable(outcome.figures, outcome.samples), ...outcome.tables];
  const bandwidth = outcome.samples.of(MACHINE, BANDWIDTH);
  const memory = bandwidth.length === 0 ? null : median(bandwidth);
  return [renderHead(run, outcome.model, memory), ...tables.map(markdownTable)].join('\n\n');
}

/**
 * The command and where it ran.
 *
 * @param bandwidth bytes a second that the processors read from memory; null: not measured
 */
export function renderHead(
  { command, machine, rounds, seconds }: Run,
  model: string,
  bandwidth: number | null,
): string {
  const memory = bandwidth === null ? '' : `, memory read at ${(bandwidth / 1e9).toFixed(1)} GB/s`;
  return [
    `\`\`\`sh\n${command}\n\`\`\``,
    `${machine.date}, commit ${machine.commit}, ${(seconds / 60).toFixed(0)} minutes, rounds: ${rounds}. ` +
      `${machine.cpu}, ${machine.processors} processors${memory}, ${machine.memoryGiB} GiB, ${machine.os}, ` +
      `Node ${machine.node}. Threads of each system: ${machine.threads}, ` +
      `${machine.pinned ? 'held on the first processors' : 'not pinned'}. Weights: ${model}.`,
  ].join('\n\n');
}

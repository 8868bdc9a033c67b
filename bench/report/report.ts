import type { Machine } from '../machine.ts';
import type { Samples } from '../samples.ts';
import { median } from '../statistics.ts';
import type { Workload } from '../workload.ts';
import { BANDWIDTH, MACHINE } from '../workloads/steps.ts';
import { figuresTable } from './figures.ts';
import { markdownTable, megabytes, type Table } from './table.ts';

/** What ran and where, for the head of a report. */
export interface Run {
  readonly command: string;
  readonly machine: Machine;
  readonly model: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly systems: readonly MeasuredSystem[];
  /** Peers that could not be measured, and why. */
  readonly unavailable: readonly { readonly name: string; readonly reason: string }[];
  readonly workloads: readonly Workload[];
}

export interface MeasuredSystem {
  readonly name: string;
  readonly description: string;
  readonly softPrompts: 'embeddings' | 'tokens';
  readonly peakRss: number | null;
  /** Greedy tokens equal to those of the first system from the start on, as `64 of 64`. */
  readonly agreement: string;
}

/** The whole report in Markdown. */
export function renderReport(run: Run, samples: Samples): string {
  const tables = [
    figuresTable(samples),
    systemsTable(run),
    ...run.workloads.flatMap((workload) => workload.tables(samples)),
  ];
  return [head(run, samples), ...tables.map(markdownTable)].join('\n\n');
}

function head({ command, machine, model, rounds, seconds }: Run, samples: Samples): string {
  const bandwidth = samples.of(MACHINE, BANDWIDTH);
  const memory =
    bandwidth.length === 0 ? '' : `, memory read at ${(median(bandwidth) / 1e9).toFixed(1)} GB/s`;
  return [
    `\`\`\`sh\n${command}\n\`\`\``,
    `${machine.date}, commit ${machine.commit}, ${(seconds / 60).toFixed(0)} minutes, rounds: ${rounds}. ` +
      `${machine.cpu}, ${machine.processors} processors${memory}, ${machine.memoryGiB} GiB, ${machine.os}, ` +
      `Node ${machine.node}. Threads of each system: ${machine.threads}, ` +
      `${machine.pinned ? 'held on the first processors' : 'not pinned'}. Weights: ${model}.`,
  ].join('\n\n');
}

function systemsTable({ systems, unavailable }: Run): Table {
  return {
    title: 'Systems',
    columns: ['system', 'what it is', 'soft prompt', 'same greedy tokens', 'peak memory, MB'],
    rows: [
      ...systems.map(({ name, description, softPrompts, peakRss, agreement }) => [
        name,
        description,
        softPrompts === 'embeddings' ? 'embeddings' : 'as many ordinary tokens',
        agreement,
        peakRss === null ? 'unknown' : megabytes(peakRss),
      ]),
      ...unavailable.map(({ name, reason }) => [name, `not measured: ${reason}`, '', '', '']),
    ],
    note:
      'The rows of every soft prompt are embeddings of tokens, so that a system without soft prompts computes the ' +
      'same from those tokens. Same greedy tokens: how many of the first tokens equal those of the first system.',
  };
}

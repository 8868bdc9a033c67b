import { megabytes, type Table } from './table.ts';

export interface MeasuredSystem {
  readonly name: string;
  readonly description: string;
  readonly softPrompts: 'embeddings' | 'tokens';
  readonly peakRss: number | null;
  /** Greedy tokens equal to those of the first system from the start on, as `64 of 64`. */
  readonly agreement: string;
}

/** A peer that could not be measured, and why. */
export interface Unavailable {
  readonly name: string;
  readonly reason: string;
}

export function systemsTable(systems: readonly MeasuredSystem[], unavailable: readonly Unavailable[]): Table {
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

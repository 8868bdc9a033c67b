import type { Samples } from '../samples.ts';
import { pairedRatio, type Spread, spread } from '../statistics.ts';
import { number, type Table, withRange } from './table.ts';

/** A figure that the project set out to reach, from the samples of one run. */
export interface Figure {
  readonly name: string;
  /** Null: it is reported only. */
  readonly target: { readonly atMost: number } | { readonly atLeast: number } | null;
  readonly format?: (value: number) => string;
  /** Null: what it needs was not measured. */
  measure(samples: Samples): Spread | null;
}

/** Null when one side was not measured. */
export function ratio(above: readonly number[], below: readonly number[]): Spread | null {
  return above.length > 0 && below.length > 0 ? pairedRatio(above, below) : null;
}

/** A figure of a system as it was measured. */
export function single(system: string, figure: string): Figure['measure'] {
  return (samples) => {
    const values = samples.of(system, figure);
    return values.length > 0 ? spread(values) : null;
  };
}

/** Every figure with its target, what was measured, and whether that meets it. */
export function figuresTable(figures: readonly Figure[], samples: Samples): Table {
  return {
    title: 'Figures and targets',
    columns: ['figure', 'target', 'measured', ''],
    rows: figures.map((figure) => figureRow(figure, samples)),
    note:
      'Ratios of medians of one run; in brackets the smallest and largest of the rounds, whose two sides were ' +
      'measured next to each other.',
  };
}

/** The cells of one: name, target, what was measured, whether that meets the target. */
export function figureRow(figure: Figure, samples: Samples): string[] {
  const { name, format = number } = figure;
  const measured = figure.measure(samples);
  const target = targetOf(figure);
  if (measured === null) return [name, target, 'not measured in this run', ''];
  return [name, target, withRange(measured, format), verdict(figure, measured)];
}

/** The target as tables show it. */
export function targetOf({ target, format = number }: Omit<Figure, 'measure'>): string {
  if (target === null) return 'reported';
  return 'atMost' in target ? `<= ${format(target.atMost)}` : `>= ${format(target.atLeast)}`;
}

/** Whether a value meets the target; empty where there is none. */
export function verdict({ target }: Pick<Figure, 'target'>, { value }: Spread): string {
  if (target === null) return '';
  const met = 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
  return met ? 'met' : '**missed**';
}

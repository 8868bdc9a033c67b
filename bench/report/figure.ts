import type { Samples } from '../samples.ts';
import { pairedRatio, type Spread, spread } from '../statistics.ts';
import { number, type Table, withRange } from './table.ts';

/** A figure that the project set out to reach, from the samples of one run. */
export interface Figure {
  readonly name: string;
  readonly target: { readonly atMost: number } | { readonly atLeast: number };
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

function figureRow({ name, target, format = number, measure }: Figure, samples: Samples): string[] {
  const [sign, limit] = 'atMost' in target ? ['<=', target.atMost] : ['>=', target.atLeast];
  const measured = measure(samples);
  if (measured === null) return [name, `${sign} ${format(limit)}`, 'not measured in this run', ''];
  const met = sign === '<=' ? measured.value <= limit : measured.value >= limit;
  return [name, `${sign} ${format(limit)}`, withRange(measured, format), met ? 'met' : '**missed**'];
}

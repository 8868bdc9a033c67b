import { DomainError } from '../domain/errors.ts';
import type { ContenderReport, EvaluationProgress, Measure, MeasureInterval } from '../domain/evaluation.ts';
import type { Usage } from '../domain/inference.ts';
import type { DataRow } from '../training/dataset/rows.ts';
import type { Contender } from './contenders.ts';
import { type Ask, runRows } from './run-rows.ts';
import { meanInterval } from './statistics/bootstrap.ts';

/** Rows that are too long of which the place is reported. */
const REPORTED_ROWS = 20;

export interface MeasureOptions<T> {
  readonly contender: Contender;
  readonly rows: readonly DataRow[];
  /** Rows of one request. */
  readonly size: number;
  readonly ask: Ask<T>;
  score(values: readonly T[]): Pick<ContenderReport, 'loss' | 'scores'>;
  /** What a row counts for in each measure, the one that matters most first. */
  readonly counts: Readonly<Partial<Record<Measure, (value: T) => number>>>;
  /** Draws the samples of the intervals. */
  readonly seed: number;
  /** The event for so many rows of this contender. */
  progress(done: number): EvaluationProgress;
  readonly signal: AbortSignal;
}

export interface Measured {
  readonly report: ContenderReport;
  /** What each row of the data counted for; NaN: it does not fit into the context. */
  readonly outcomes: ReadonlyMap<Measure, Float64Array>;
  readonly usage: readonly Usage[];
}

/** Asks one contender about every row. Throws `unprocessable` rows_too_long when none fits into the context. */
export async function* measure<T>(options: MeasureOptions<T>): AsyncGenerator<EvaluationProgress, Measured> {
  const { contender, rows, size, ask, signal } = options;
  const values: T[] = [];
  const tooLong: DataRow[] = [];
  const usage: Usage[] = [];
  const start = performance.now();
  for await (const outcome of runRows(rows, size, ask, signal)) {
    values.push(...outcome.answers);
    tooLong.push(...outcome.tooLong);
    usage.push(...outcome.usage);
    yield options.progress(values.length + tooLong.length);
  }
  const places = tooLong.slice(0, REPORTED_ROWS).map(({ row, line }) => ({ row, line }));
  if (values.length === 0) {
    const message = `No row fits into the context with the input of ${contender.name}.`;
    throw new DomainError('unprocessable', 'rows_too_long', message, { param: 'file', given: places });
  }
  const { name, type, versions } = contender;
  const version = versions.length === 1 ? versions[0]! : null;
  const seconds = (performance.now() - start) / 1000;
  const outcomes = new Map<Measure, Float64Array>();
  const intervals: MeasureInterval[] = [];
  for (const [name, count] of Object.entries(options.counts)) {
    const counted = Float64Array.from(values, count);
    outcomes.set(name as Measure, spread(counted, rows, new Set(tooLong)));
    intervals.push({ measure: name as Measure, interval: await meanInterval(counted, options.seed) });
  }
  const report = {
    name,
    type,
    version,
    versions,
    n: values.length,
    ...options.score(values),
    intervals,
    seconds,
  };
  return { report: { ...report, tooLong: { count: tooLong.length, rows: places } }, outcomes, usage };
}

/** The values of the rows that were not set aside, at the places of these rows. */
function spread(values: Float64Array, rows: readonly DataRow[], aside: ReadonlySet<DataRow>): Float64Array {
  let next = 0;
  return Float64Array.from(rows, (row) => (aside.has(row) ? Number.NaN : values[next++]!));
}

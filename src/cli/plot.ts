export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One line of a plot. */
export interface Series {
  readonly name: string;
  /** One character. */
  readonly mark: string;
  readonly points: readonly Point[];
}

const COLUMNS = 60;
const ROWS = 10;
/** Decimal places of the values beside the axis. */
const DIGITS = 4;

/**
 * Series over one another in characters: x from left to right, y upwards. A column shows the mean of its points; a
 * later series covers an earlier one. Points that are not finite are left out. Empty with fewer than two values of x.
 */
export function plot(series: readonly Series[]): string {
  const shown = series
    .map((it) => ({
      ...it,
      points: it.points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)),
    }))
    .filter(({ points }) => points.length > 0);
  const points = shown.flatMap((it) => it.points);
  const [left, right] = range(points.map(({ x }) => x));
  const [low, high] = range(points.map(({ y }) => y));
  if (!(right > left)) return '';
  const grid = Array.from({ length: ROWS }, () => new Array<string>(COLUMNS).fill(' '));
  for (const { mark, points: own } of shown) {
    for (const { x, y } of means(own, (x) => cell(x, left, right, COLUMNS))) {
      grid[ROWS - 1 - cell(y, low, high, ROWS)]![x] = mark;
    }
  }
  const [top, bottom] = [high.toFixed(DIGITS), low.toFixed(DIGITS)];
  const width = Math.max(top.length, bottom.length);
  const beside = (row: number): string => (row === 0 ? top : row === ROWS - 1 ? bottom : '').padStart(width);
  const ends = `${left}${String(right).padStart(COLUMNS - String(left).length)}`;
  return [
    ...grid.map((row, i) => `${beside(i)} |${row.join('')}`.trimEnd()),
    `${' '.repeat(width)} +${'-'.repeat(COLUMNS)}`,
    `${' '.repeat(width)}  ${ends}`,
    `${' '.repeat(width)}  ${shown.map(({ mark, name }) => `${mark} ${name}`).join('   ')}`,
  ].join('\n');
}

/** The mean y of the points of each column. */
function means(points: readonly Point[], columnOf: (x: number) => number): readonly Point[] {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const { x, y } of points) {
    const { sum, count } = sums.get(columnOf(x)) ?? { sum: 0, count: 0 };
    sums.set(columnOf(x), { sum: sum + y, count: count + 1 });
  }
  return Array.from(sums, ([x, { sum, count }]) => ({ x, y: sum / count }));
}

/** Which of `cells` equal parts of [from, to] a value lies in; the middle one where all values are the same. */
function cell(value: number, from: number, to: number, cells: number): number {
  if (from === to) return Math.floor(cells / 2);
  return Math.min(cells - 1, Math.floor(((value - from) / (to - from)) * cells));
}

function range(values: readonly number[]): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return [least, most];
}

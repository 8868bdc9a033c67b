/** One sample of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** The samples of the names that are wanted: a page has hundreds, of which a plot needs a few. */
export function parseExposition(text: string, wanted: ReadonlySet<string>): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('#') || !wanted.has(line.slice(0, line.search(/[ {]/)))) return [];
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key, given]) => [key, given]);
    return [{ name, labels: Object.fromEntries(pairs), value: value === '+Inf' ? Infinity : Number(value) }];
  });
}

export const sum = (samples: readonly Sample[], name: string): number =>
  samples.reduce((total, sample) => (sample.name === name ? total + sample.value : total), 0);

/**
 * A quantile of a histogram between two readings, linear within a bucket as Prometheus' `histogram_quantile` has it; null
 * where nothing was observed.
 */
export function quantile(
  before: readonly Sample[],
  after: readonly Sample[],
  name: string,
  part: number,
): number | null {
  const earlier = buckets(before, name);
  const now = [...buckets(after, name)].sort(([a], [b]) => a - b);
  const counts = now.map(([bound, value]) => [bound, value - (earlier.get(bound) ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const rank = part * total;
  const at = counts.findIndex(([, value]) => value >= rank);
  const [bound, upTo] = counts[at]!;
  const [low, below] = counts[at - 1] ?? [0, 0];
  if (bound === Infinity) return low;
  return low + ((bound - low) * (rank - below)) / (upTo - below);
}

function buckets(samples: readonly Sample[], name: string): ReadonlyMap<number, number> {
  const totals = new Map<number, number>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket`) continue;
    const bound = sample.labels.le === '+Inf' ? Infinity : Number(sample.labels.le);
    totals.set(bound, (totals.get(bound) ?? 0) + sample.value);
  }
  return totals;
}

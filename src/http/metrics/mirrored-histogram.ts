import { Histogram, type HistogramConfiguration } from 'prom-client';
import type { Distribution } from '../../domain/distribution.ts';

type Shown = Awaited<ReturnType<Histogram<'le'>['get']>>;

/** A histogram whose values are counted elsewhere; it shows the last snapshot. */
export class MirroredHistogram extends Histogram<'le'> {
  #shown: Distribution = { bounds: [], counts: [0], sum: 0 };
  /** An empty one, for all that is not a value. */
  readonly #frame: Histogram<'le'>;

  constructor(configuration: HistogramConfiguration<'le'>) {
    super(configuration);
    this.#frame = new Histogram({ ...configuration, registers: [] });
  }

  show(distribution: Distribution): void {
    this.#shown = distribution;
  }

  override async get(): Promise<Shown> {
    const frame = await this.#frame.get();
    const { bounds, counts, sum } = this.#shown;
    let count = 0;
    const buckets = counts.map((inBucket, i) => {
      count += inBucket;
      return { labels: { le: bounds[i] ?? '+Inf' }, value: count, metricName: `${frame.name}_bucket` };
    });
    const totals = [
      { labels: {}, value: sum, metricName: `${frame.name}_sum` },
      { labels: {}, value: count, metricName: `${frame.name}_count` },
    ];
    return { ...frame, values: [...buckets, ...totals] };
  }

  /** What prom-client renders from. */
  getForPromString(): Promise<Shown> {
    return this.get();
  }
}

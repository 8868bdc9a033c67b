import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { MirroredHistogram } from './mirrored-histogram.ts';

/** A metric as the documentation shows it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

/** Makes the metrics of one registry and remembers what they are. */
export class Instruments {
  readonly registry = new Registry();
  readonly definitions: MetricDefinition[] = [];

  counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> {
    this.definitions.push({ name, type: 'counter', labels: labelNames, help });
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  gauge<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> {
    this.definitions.push({ name, type: 'gauge', labels: labelNames, help });
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  /** @param buckets upper bounds, rising */
  histogram<Label extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly Label[],
  ): Histogram<Label> {
    this.definitions.push({ name, type: 'histogram', labels: labelNames, help });
    return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.registry] });
  }

  /** A histogram that is counted elsewhere. */
  mirror(name: string, help: string): MirroredHistogram {
    this.definitions.push({ name, type: 'histogram', labels: [], help });
    return new MirroredHistogram({ name, help, registers: [this.registry] });
  }
}

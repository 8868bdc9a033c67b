import { collectDefaultMetrics } from 'prom-client';
import type { Engine } from '../../domain/engine.ts';
import type { StoreStats } from '../../domain/store.ts';
import type { TrainingStats } from '../../domain/training.ts';
import { EngineMetrics } from './engine-metrics.ts';
import { HttpMetrics } from './http-metrics.ts';
import { InferenceMetrics } from './inference-metrics.ts';
import { Instruments, type MetricDefinition } from './instruments.ts';
import { StoreMetrics } from './store-metrics.ts';
import { TaskLabels } from './task-labels.ts';
import { TrainingMetrics } from './training-metrics.ts';
import { VersionMetrics, type VersionSources } from './version-metrics.ts';

/** What is asked when the metrics are read. */
export interface MetricSources {
  /** Id of the base model. */
  model(): string;
  /** Tasks with series of their own. */
  readonly tasks: number;
  readonly engine: Pick<Engine, 'kind' | 'device' | 'stats'>;
  store(): StoreStats;
  training(): TrainingStats;
  taskExists(name: string): boolean;
  readonly versions: VersionSources;
}

interface Refreshed {
  refresh(): void | Promise<void>;
}

async function refreshed(part: Refreshed): Promise<void> {
  try {
    await part.refresh();
  } catch {
    // `softprompt_engine_up` and `softprompt_store_up` say so.
  }
}

/** Everything that `GET /metrics` shows. Each app has its own registry. */
export class Metrics {
  readonly http: HttpMetrics;
  readonly inference: InferenceMetrics;
  readonly versions: VersionMetrics;
  /** All but those of the process. */
  readonly definitions: readonly MetricDefinition[];
  readonly #instruments = new Instruments();
  readonly #refreshed: readonly Refreshed[];

  constructor({ model, tasks, engine, store, training, taskExists, versions }: MetricSources) {
    const instruments = this.#instruments;
    const labels = new TaskLabels(model, tasks, taskExists);
    this.inference = new InferenceMetrics(instruments, model, labels);
    this.versions = new VersionMetrics(instruments, labels, versions);
    this.http = new HttpMetrics(instruments);
    this.#refreshed = [
      this.inference,
      this.versions,
      new EngineMetrics(instruments, engine),
      new StoreMetrics(instruments, store),
      new TrainingMetrics(instruments, training),
    ];
    this.definitions = instruments.definitions;
    collectDefaultMetrics({ register: instruments.registry });
  }

  /** Those that {@link definitions} leaves out. */
  processMetrics(): readonly { readonly name: string; readonly help: string }[] {
    const own = new Set(this.definitions.map(({ name }) => name));
    const all = this.#instruments.registry.getMetricsAsArray();
    return all.filter(({ name }) => !own.has(name)).map(({ name, help }) => ({ name, help }));
  }

  /** In Prometheus' text format 0.0.4. What cannot be read keeps its last values: the rest is needed then most. */
  async render(): Promise<string> {
    for (const part of this.#refreshed) await refreshed(part);
    return this.#instruments.registry.metrics();
  }
}

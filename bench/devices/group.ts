import type { Bundle } from '../../src/model/bundle.ts';
import type { Table } from '../report/table.ts';
import { Samples } from '../samples.ts';
import type { Workload } from '../workload.ts';
import type { Measured } from './figures.ts';
import type { DeviceOptions } from './options.ts';
import type { Shape } from './shapes.ts';

/** What the measurements of all shapes share. */
export interface Setting {
  readonly options: DeviceOptions;
  /** A Python with torch, transformers and PEFT; null: without peers. */
  readonly python: string | null;
  /** A folder that is gone after the run. */
  readonly directory: string;
  log(message: string): void;
}

/** Something that could not be measured, and why. */
export interface Failure {
  readonly what: string;
  readonly reason: string;
}

interface GroupParts extends Pick<Group, 'sizes' | 'weights' | 'bundle' | 'setting'> {
  /** Names in the order of the tables. */
  readonly systems: readonly string[];
}

/** One shape at one precision: what was measured of it. What fails is told and left out, and the rest goes on. */
export class Group implements Measured {
  readonly shape: string;
  readonly precision: string;
  readonly sizes: Shape;
  /** Hugging Face directory of the float32 weights. */
  readonly weights: string;
  readonly bundle: Bundle;
  readonly setting: Setting;
  readonly samples: Samples;
  readonly failures: Failure[] = [];
  /** Where the service ran, as `GET /info` has it; null: it did not start. */
  device: string | null = null;
  /** Where this project's trainer ran; null: it did not start. */
  trainingDevice: string | null = null;
  /** Who served; null before. */
  systems: Table | null = null;
  readonly #tables = new Map<string, readonly Table[]>();

  constructor({ sizes, weights, bundle, setting, systems }: GroupParts) {
    this.shape = sizes.title;
    this.precision = bundle.manifest.precision;
    this.sizes = sizes;
    this.weights = weights;
    this.bundle = bundle;
    this.setting = setting;
    this.samples = new Samples(systems);
  }

  /** What `work` gives; null when it failed. */
  async attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    this.setting.log(what);
    try {
      return await work();
    } catch (error) {
      const reason = (error as Error).message;
      this.setting.log(`${what}: ${reason}`);
      this.failures.push({ what, reason });
      return null;
    }
  }

  /** Runs a workload; its tables replace those of an earlier run of it, whose samples they hold as well. */
  async measure<C>(workload: Workload<C>, context: C): Promise<void> {
    await this.attempt(workload.title, async () => {
      await workload.run(context);
      this.#tables.set(workload.id, workload.tables(this.samples));
    });
  }

  /** In the order in which the workloads ran first. */
  get tables(): readonly Table[] {
    return [...this.#tables.values()].flat();
  }
}

import type { Bundle } from '../../src/model/bundle.ts';
import type { Options } from '../options.ts';
import type { PromptWriter } from '../prompts.ts';
import type { Random } from '../random.ts';
import type { Samples } from '../samples.ts';
import type { Service } from '../service.ts';
import type { Workload } from '../workload.ts';
import type { StepSystem } from './step-system.ts';

/** What a workload of the training half runs on. */
export interface TrainingContext {
  readonly options: Options;
  /** In float32. */
  readonly bundle: Bundle;
  readonly samples: Samples;
  readonly random: Random;
  readonly rounds: number;
  readonly writer: PromptWriter;
  /** The trainer of this project and PEFT, each in a process of its own; the caller closes them. */
  startStepSystems(): Promise<StepSystem[]>;
  /** The service on an empty database of its own; the caller closes it. */
  startService(database: string): Promise<Service>;
  log(message: string): void;
}

export type TrainingWorkload = Workload<TrainingContext>;

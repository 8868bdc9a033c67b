import type { TrainingWorkload } from '../context.ts';
import { accuracy } from './accuracy.ts';
import { parity } from './parity.ts';
import { serving } from './serving.ts';
import { step } from './step.ts';

/** All workloads of the training half in the order in which they run. */
export const TRAINING_WORKLOADS: readonly TrainingWorkload[] = [step, parity, accuracy, serving];

/** Those that need a folder of labelled rows. */
export const NEED_DATA: readonly string[] = [accuracy.id];

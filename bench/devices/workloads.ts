import type { StepContext } from '../training/workloads/step.ts';
import { stepOf } from '../training/workloads/step.ts';
import type { Workload } from '../workload.ts';
import { diversityOf } from '../workloads/diversity.ts';
import { promptLengthOf } from '../workloads/prompt-length.ts';
import { streamsOf } from '../workloads/streams.ts';
import { MOST_STREAMS, STREAMS, TRAINING_STEP } from './figures.ts';

/** The workloads of the benchmark at the sizes of a graphics card. */
export const streams = streamsOf(STREAMS);
export const tasks = diversityOf(MOST_STREAMS, ['identical', 'distinct']);
export const firstToken = promptLengthOf([0, 100]);
export const training: Workload<StepContext> = stepOf(TRAINING_STEP);

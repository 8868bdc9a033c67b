/** Entry of the process that tries a device out for the graph that learns. It may run beside a model that serves. */
import { constants, setPriority } from 'node:os';
import { answerTryOut } from '../../engine/devices/answer-try-out.ts';
import { gradientError, MOST_GRADIENT_ERROR } from './gradient-check.ts';

setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

await answerTryOut({ error: gradientError, most: MOST_GRADIENT_ERROR });

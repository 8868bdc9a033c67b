/** Entry of the process that tries a device out for the graphs that serve. */
import { answerTryOut } from './answer-try-out.ts';
import { MOST_ERROR, modelError } from './model-check.ts';

await answerTryOut({ error: modelError, most: MOST_ERROR });

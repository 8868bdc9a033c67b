import { type EvaluationRequest, evaluationBody } from '../lib/evaluation-body.ts';
import { stream } from './stream.ts';
import { taskPath } from './tasks.ts';
import type { Evaluation, EvaluationProgress } from './types.ts';

/** Progress, and the evaluation as the last object. */
export const streamEvaluation = (
  task: string,
  request: EvaluationRequest,
  signal: AbortSignal,
): AsyncGenerator<EvaluationProgress | Evaluation> =>
  stream('POST', taskPath(task, 'evaluations'), { ...evaluationBody(request), signal });

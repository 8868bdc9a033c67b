import type { FastifyRequest } from 'fastify';
import type { Usage } from '../../domain/inference.ts';
import type { InferenceMetrics, Operation } from '../metrics/inference-metrics.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null: it does not ask the model, or was refused before. */
    inference: InferenceCall | null;
  }
}

/** A checked request to the model; it is counted once, when its answer has ended. */
export interface InferenceCall {
  readonly operation: Operation;
  /** The task as metrics and logs name it, see TaskLabels. */
  readonly task: string;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** `task@version`, `task@1+2` of an ensemble, or the base model's id; null: not known. */
  servedBy: string | null;
  /** Of each choice that has ended. */
  readonly finishReasons: string[];
  /** Tokens until now; null: no model ran. */
  usage(): Usage | null;
}

/** @param model what the client named: a task, with a version or without, or the base model */
export function beginInference(
  request: FastifyRequest,
  metrics: InferenceMetrics,
  operation: Operation,
  model: string,
): InferenceCall {
  const call: InferenceCall = {
    operation,
    task: metrics.tasks.labelOf(model),
    startedAt: performance.now(),
    servedBy: null,
    finishReasons: [],
    usage: () => null,
  };
  request.inference = call;
  return call;
}

import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerHooks, Generation } from '../../domain/inference.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import { beginInference } from '../plugins/inference-call.ts';
import { answerHooks } from '../streaming/answer-hooks.ts';
import type { Envelope } from '../streaming/chunks.ts';
import { inferenceSignal } from '../streaming/client-signal.ts';
import { observeGeneration } from '../streaming/observed-generation.ts';

/** What the caller of {@link startGeneration} asks for. */
export interface GenerationStart {
  readonly operation: 'text_completion' | 'chat';
  /** As the client wrote it. */
  readonly model: string;
  start(hooks: AnswerHooks, signal: AbortSignal): Promise<Generation>;
}

/** Starts a generation that ends when the client leaves, and that is timed and counted. */
export async function startGeneration(
  { operation, model, start }: GenerationStart,
  request: FastifyRequest,
  reply: FastifyReply,
  metrics: InferenceMetrics,
): Promise<Generation> {
  const call = beginInference(request, metrics, operation, model);
  return observeGeneration(await start(answerHooks(call, reply), inferenceSignal(reply)), call, metrics);
}

/** The fields that identify a response; `idPrefix` as OpenAI has it (`cmpl`, `chatcmpl`). */
export function envelopeOf<O extends string>(
  generation: Generation,
  idPrefix: string,
  object: O,
): Envelope & { readonly object: O } {
  return {
    id: `${idPrefix}-${randomUUID()}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: generation.servedBy,
  };
}

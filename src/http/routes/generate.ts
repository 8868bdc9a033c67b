import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ChatRequest, CompletionRequest, Generation, Inference } from '../../domain/inference.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import { beginInference } from '../plugins/inference-call.ts';
import { answerHooks } from '../streaming/answer-hooks.ts';
import type { Envelope } from '../streaming/chunks.ts';
import { inferenceSignal } from '../streaming/client-signal.ts';
import { observeGeneration } from '../streaming/observed-generation.ts';

/** What the caller of {@link startGeneration} asks for. */
export interface GenerationStart<R extends CompletionRequest | ChatRequest> {
  readonly operation: 'text_completion' | 'chat';
  /** As the client wrote it. */
  readonly model: string;
  read(): R;
  start(asked: R, signal: AbortSignal): Promise<Generation>;
}

/** What generations are started with. */
export interface GenerationPorts {
  readonly inference: Inference;
  readonly metrics: InferenceMetrics;
}

/** Starts a generation that ends when the client leaves, and that is timed and counted. */
export async function startGeneration<R extends CompletionRequest | ChatRequest>(
  { operation, model, read, start }: GenerationStart<R>,
  request: FastifyRequest,
  reply: FastifyReply,
  { inference, metrics }: GenerationPorts,
): Promise<Generation> {
  const call = beginInference(request, metrics, operation, model);
  const asked = read();
  // Before there is a signal: V8 frees one, and all that waits for it, only in a full collection.
  inference.assertTurn(asked);
  const generation = await start({ ...asked, ...answerHooks(call, reply) }, inferenceSignal(reply));
  return observeGeneration(generation, call, metrics);
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

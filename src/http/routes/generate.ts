import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Generation } from '../../domain/inference.ts';
import type { TokenMetrics } from '../metrics/token-metrics.ts';
import type { Envelope } from '../streaming/chunks.ts';
import { inferenceSignal } from '../streaming/client-signal.ts';
import { observeGeneration } from '../streaming/observed-generation.ts';

/** Starts a generation that ends when the client leaves, and that is timed and counted. */
export async function startGeneration(
  start: (signal: AbortSignal) => Promise<Generation>,
  request: FastifyRequest,
  reply: FastifyReply,
  metrics: TokenMetrics,
): Promise<Generation> {
  const startedAt = performance.now();
  return observeGeneration(await start(inferenceSignal(reply)), request, metrics, startedAt);
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

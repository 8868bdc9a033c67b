import type { FastifyRequest } from 'fastify';
import type { Generation, InferenceEvent } from '../../domain/inference.ts';
import type { TokenMetrics } from '../metrics/token-metrics.ts';

/** The same generation, timed from now on; its usage is noted when its events end or are no longer wanted. */
export function observeGeneration(
  generation: Generation,
  request: FastifyRequest,
  metrics: TokenMetrics,
  start: number,
): Generation {
  async function* events(): AsyncGenerator<InferenceEvent> {
    const choices = new Map<number, { readonly firstAt: number; tokensAfter: number }>();
    try {
      for await (const event of generation.events) {
        const now = performance.now();
        const choice = choices.get(event.choice);
        if (event.type === 'finish') {
          if (choice) metrics.tokensAfterFirst(choice.tokensAfter, (now - choice.firstAt) / 1000);
        } else if (choice) {
          choice.tokensAfter += event.tokenIds.length;
        } else {
          if (choices.size === 0) metrics.firstToken((now - start) / 1000);
          choices.set(event.choice, { firstAt: now, tokensAfter: 0 });
        }
        yield event;
      }
    } finally {
      const usage = generation.usage();
      request.usage = usage;
      metrics.usage(usage);
    }
  }
  const { servedBy, choices } = generation;
  return { servedBy, choices, events: events(), usage: () => generation.usage() };
}

import type { Generation, InferenceEvent } from '../../domain/inference.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import type { InferenceCall } from '../plugins/inference-call.ts';

/** The same generation, timed from the beginning of its call, which gets to know its usage. */
export function observeGeneration(
  generation: Generation,
  call: InferenceCall,
  metrics: InferenceMetrics,
): Generation {
  const { servedBy, choices: count } = generation;
  const { operation, startedAt } = call;
  call.usage = () => generation.usage();
  const choices = new Map<number, { readonly firstAt: number; tokensAfter: number }>();
  function note(event: InferenceEvent, now: number): void {
    const choice = choices.get(event.choice);
    if (event.type === 'finish') {
      call.finishReasons.push(event.reason);
      if (choice) metrics.tokensAfterFirst(operation, choice.tokensAfter, (now - choice.firstAt) / 1000);
    } else if (choice) {
      choice.tokensAfter += event.tokens.length;
    } else {
      if (choices.size === 0) metrics.firstToken(operation, (now - startedAt) / 1000);
      choices.set(event.choice, { firstAt: now, tokensAfter: 0 });
    }
  }
  async function* events(): AsyncGenerator<readonly InferenceEvent[]> {
    for await (const together of generation.events) {
      const now = performance.now();
      for (const event of together) note(event, now);
      yield together;
    }
  }
  return { servedBy, choices: count, events: events(), usage: () => generation.usage() };
}

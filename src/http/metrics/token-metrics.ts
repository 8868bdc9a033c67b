import { Counter, Histogram, type Registry } from 'prom-client';
import type { Usage } from '../../domain/inference.ts';

/** Tokens and their latencies, over all models and tasks: a task is not a label, because their number is open. */
export class TokenMetrics {
  readonly #tokens: Counter<'kind'>;
  readonly #timeToFirst: Histogram;
  readonly #timePerToken: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#tokens = new Counter({
      name: 'softprompt_tokens_total',
      help: 'Tokens of finished requests: of the input, of the soft prompt (virtual) and of the output.',
      labelNames: ['kind'],
      registers,
    });
    this.#timeToFirst = new Histogram({
      name: 'softprompt_time_to_first_token_seconds',
      help: 'Time from the request to the first piece of output.',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.#timePerToken = new Histogram({
      name: 'softprompt_time_per_output_token_seconds',
      help: 'Mean time of a choice between its output tokens after the first.',
      buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      registers,
    });
  }

  usage({ promptTokens, virtualTokens, completionTokens }: Usage): void {
    this.#tokens.inc({ kind: 'prompt' }, promptTokens);
    this.#tokens.inc({ kind: 'virtual' }, virtualTokens);
    this.#tokens.inc({ kind: 'completion' }, completionTokens);
  }

  firstToken(seconds: number): void {
    this.#timeToFirst.observe(seconds);
  }

  tokensAfterFirst(count: number, seconds: number): void {
    if (count > 0) this.#timePerToken.observe(seconds / count);
  }
}

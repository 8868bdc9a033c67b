import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Engine } from '../../domain/engine.ts';
import { EngineMetrics } from './engine-metrics.ts';
import { HttpMetrics } from './http-metrics.ts';
import { TokenMetrics } from './token-metrics.ts';

/** Everything that `GET /metrics` shows. Each app has its own registry. */
export class Metrics {
  readonly http: HttpMetrics;
  readonly tokens: TokenMetrics;
  readonly #registry = new Registry();
  readonly #engine: EngineMetrics;

  constructor(engine: Engine) {
    collectDefaultMetrics({ register: this.#registry });
    this.http = new HttpMetrics(this.#registry);
    this.tokens = new TokenMetrics(this.#registry);
    this.#engine = new EngineMetrics(this.#registry, engine);
  }

  /** In Prometheus' text format 0.0.4. */
  async render(): Promise<string> {
    await this.#engine.refresh();
    return this.#registry.metrics();
  }
}

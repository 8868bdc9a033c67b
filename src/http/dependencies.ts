import type { FastifyBaseLogger } from 'fastify';
import type { PromptAnalysis } from '../domain/analysis.ts';
import type { AuditTrail } from '../domain/audit.ts';
import type { Engine } from '../domain/engine.ts';
import type { Evaluator } from '../domain/evaluation.ts';
import type { Inference } from '../domain/inference.ts';
import type { KeyRing } from '../domain/principal.ts';
import type { PromptPublisher } from '../domain/publishing.ts';
import type { TaskStore } from '../domain/store.ts';
import type { Tracer } from '../domain/tracing.ts';
import type { Training } from '../domain/training.ts';
import type { Quotas } from './plugins/quotas.ts';

/** All but `ready` refuse inference with 503. `restarting`: the engine ended and another one is being loaded. */
export type ServicePhase = 'loading' | 'ready' | 'restarting' | 'draining';

export interface ServiceState {
  phase(): ServicePhase;
  /** Throws `contended` queue_full when no request at all could be admitted now: a refusal before any work. */
  assertRoom(): void;
}

export interface HttpLimits {
  /** Largest JSON body in bytes. */
  readonly bodyBytes: number;
  /** Largest uploaded tensor file in bytes. */
  readonly uploadBytes: number;
  /** Uploads held in memory at the same time; one more is refused as `contended`. */
  readonly concurrentUploads: number;
  /** Open connections; one more is closed at once. */
  readonly connections: number;
  /** Tasks that have metrics of their own; the others share theirs. */
  readonly metricsTasks: number;
}

/** Milliseconds that each part of a request may take; what is late is ended. */
export interface HttpTimeouts {
  /** Until the headers are there. Also for a connection on which nothing comes. */
  readonly headers: number;
  /** Until the whole request is there. */
  readonly receive: number;
  /** From an answer to the next request on the same connection. */
  readonly keepAlive: number;
  /** From the start of an inference to its end. */
  readonly inference: number;
  /** Without a byte taken by a client for which bytes wait. */
  readonly stall: number;
}

/** Who may ask, and for how much. */
export interface AccessOptions extends Quotas {
  /** Null: there are none, and anyone may do everything. */
  readonly keys: KeyRing | null;
}

/** What the HTTP layer is given: ports of the domain, never their implementations. */
export interface AppDependencies {
  readonly inference: Inference;
  readonly engine: Engine;
  readonly store: TaskStore;
  readonly audit: AuditTrail;
  readonly publisher: PromptPublisher;
  readonly training: Training;
  readonly evaluator: Evaluator;
  readonly analysis: PromptAnalysis;
  readonly state: ServiceState;
  readonly limits: HttpLimits;
  readonly access: AccessOptions;
  readonly timeouts: HttpTimeouts;
  /** Absolute directory of the web console's files; null: there is no console. */
  readonly console: string | null;
  /** Null: requests are not traced. */
  readonly tracer: Tracer | null;
  /** A pino logger. */
  readonly log: FastifyBaseLogger;
  /** Version of this service, as /info and the OpenAPI document show it. */
  readonly version: string;
}

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  createTraceState,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { RequestParts, Span, TraceParent, Tracer } from '../domain/tracing.ts';
import { OtlpSpan, otelAttributes } from './otlp-span.ts';

/** Parts that one request can have; a list of a thousand inputs would have thousands. */
const MOST_PARTS = 100;
/** Spans that wait for the collector; more are dropped. */
const MOST_WAITING = 2048;
const EXPORT_TIMEOUT_MS = 5000;
/** Time that the last spans get when the service stops: a collector that is down must not hold it up. */
const CLOSE_MS = 1000;

export interface OtlpOptions {
  /** Base URL of a collector that takes OTLP over HTTP; `/v1/traces` is added. */
  readonly endpoint: string;
  /** Of this service. */
  readonly version: string;
  /** Milliseconds between two exports; 5000 unless given. */
  readonly intervalMs?: number;
}

/** Sends spans away. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, in a second at most. */
  close(): Promise<void>;
}

/**
 * Traces to a collector. Spans are sent in batches beside the requests; what a collector that is slow or down cannot
 * take is dropped. The OTEL_* variables for headers, resource attributes and sampling hold.
 */
export function startTracing({ endpoint, version, intervalMs = 5000 }: OtlpOptions): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'softprompt', 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: intervalMs,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  return {
    tracer: new RequestTracer(provider.getTracer('softprompt', version)),
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_MS);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

class RequestTracer implements Tracer {
  readonly #tracer: OtelTracer;
  readonly #current = new AsyncLocalStorage<RequestParts>();

  constructor(tracer: OtelTracer) {
    this.#tracer = tracer;
  }

  startRequest(name: string, parent: TraceParent | null, state: string | undefined): Span {
    const context = parent === null ? ROOT_CONTEXT : contextOf(parent, state);
    return new OtlpSpan(this.#tracer.startSpan(name, { kind: SpanKind.SERVER }, context));
  }

  within(request: Span, work: () => void): void {
    if (!(request instanceof OtlpSpan)) throw new Error('A span of another tracer.');
    this.#current.run(this.#partsOf(trace.setSpan(ROOT_CONTEXT, request.span)), work);
  }

  current(): RequestParts | null {
    return this.#current.getStore() ?? null;
  }

  #partsOf(context: Context): RequestParts {
    let parts = 0;
    return {
      start: (name, attributes = {}, at) => {
        if (parts >= MOST_PARTS) return null;
        parts++;
        const options = {
          attributes: otelAttributes(attributes),
          ...(at !== undefined && { startTime: at }),
        };
        return new OtlpSpan(this.#tracer.startSpan(name, options, context));
      },
    };
  }
}

function contextOf({ traceId, spanId, sampled }: TraceParent, state: string | undefined): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  });
}

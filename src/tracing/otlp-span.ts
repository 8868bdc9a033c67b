import { type Attributes as OtelAttributes, type Span as OtelSpan, SpanStatusCode } from '@opentelemetry/api';
import type { Attributes, Span } from '../domain/tracing.ts';

/** A span of OpenTelemetry's SDK. */
export class OtlpSpan implements Span {
  readonly span: OtelSpan;

  constructor(span: OtelSpan) {
    this.span = span;
  }

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  get spanId(): string {
    return this.span.spanContext().spanId;
  }

  rename(name: string): void {
    this.span.updateName(name);
  }

  note(attributes: Attributes): void {
    this.span.setAttributes(otelAttributes(attributes));
  }

  end(error: string | null, at?: number): void {
    if (error !== null) {
      this.span.setAttribute('error.type', error);
      this.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.span.end(at);
  }
}

/** Lists as the SDK wants them: its own. */
export function otelAttributes(attributes: Attributes): OtelAttributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}

/** What is known of a span; never a text of a client. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Ids of W3C Trace Context in lower-case hexadecimal: 32 and 16 digits. */
export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** What a caller says about its own trace. */
export interface TraceParent extends TraceIds {
  readonly sampled: boolean;
}

/** Something that takes time. Times are Unix milliseconds with fractions; without one, now is meant. */
export interface Span extends TraceIds {
  rename(name: string): void;
  note(attributes: Attributes): void;
  /** @param error its kind (`error.type`); null: it went well */
  end(error: string | null, at?: number): void;
}

/** Makes the parts of a request, also after what began in it has been called back from elsewhere. */
export interface RequestParts {
  /** Null: the request has many parts already. */
  start(name: string, attributes?: Attributes, at?: number): Span | null;
}

/** Where spans go. */
export interface Tracer {
  /**
   * The span of a request that a server answers.
   * @param state the header `tracestate`, which is passed on as it is
   */
  startRequest(name: string, parent: TraceParent | null, state: string | undefined): Span;
  /** Runs `work`, and all that it starts, as part of the request. */
  within(request: Span, work: () => void): void;
  /** Of the request that runs now; null outside of one. */
  current(): RequestParts | null;
}

/** Told how the engine gets on with one sequence or input. */
export interface EngineWatch {
  /** Its first run begins, for which it has waited so long. */
  begun(waitedMs: number): void;
  firstToken(): void;
  /** @param error the code of its refusal, or `aborted`; null: it has its answer */
  ended(error: string | null): void;
}

/** The clock of spans. */
export const unixMs = (): number => performance.timeOrigin + performance.now();

/** Reads the header `traceparent` (W3C Trace Context, section 3.2); null: there is none, or none that is valid. */
export function parseTraceparent(header: string | undefined): TraceParent | null {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header ?? '');
  if (match === null) return null;
  const [, traceId = '', spanId = '', flags = '', more] = match;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  if (more !== undefined && header?.startsWith('00')) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

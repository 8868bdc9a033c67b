import { type EngineWatch, type Span, type Tracer, unixMs } from '../domain/tracing.ts';

/**
 * The spans of one sequence or input in the engine: `queue` until its first run, `prefill` until its first token or its
 * answer, then `decode`. Null outside of a traced request.
 */
export function sequenceSpans(tracer: Tracer): EngineWatch | null {
  const request = tracer.current();
  if (request === null) return null;
  const asked = unixMs();
  let span: Span | null = request.start('queue', {}, asked);
  const next = (name: string, at: number): void => {
    span?.end(null, at);
    span = request.start(name, {}, at);
  };
  return {
    begun: (waitedMs) => next('prefill', asked + waitedMs),
    firstToken: () => next('decode', unixMs()),
    ended: (error) => span?.end(error),
  };
}

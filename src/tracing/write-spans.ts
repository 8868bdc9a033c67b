import type { Tracer } from '../domain/tracing.ts';

/** A span for each write of the store that a traced request asks for. */
export const writeSpans = (tracer: Tracer) => {
  return (name: string): (() => void) => {
    const span = tracer
      .current()
      ?.start('store write', { 'db.operation.name': name, 'db.system.name': 'sqlite' });
    return () => span?.end(null);
  };
};

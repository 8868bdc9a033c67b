import type { Usage } from '../../domain/inference.ts';
import type { InferenceCall } from '../plugins/inference-call.ts';

/** What a run of an evaluation yields: progress, and at last its report. */
type RunEvent<R> = { readonly type: 'progress' } | { readonly type: 'report'; readonly report: R };

/** Notes the tokens when the report comes. */
export async function* observed<R extends { readonly usage: Usage }, E extends RunEvent<R>>(
  events: AsyncGenerator<E>,
  call: InferenceCall,
): AsyncGenerator<E> {
  for await (const event of events) {
    if (event.type === 'report') {
      const { usage } = event.report;
      call.usage = () => usage;
    }
    yield event;
  }
}

/** Each event as it goes over the wire, JSON. */
export async function* bodies<E>(
  events: AsyncGenerator<E>,
  body: (event: E) => object,
): AsyncGenerator<readonly string[]> {
  for await (const event of events) yield [JSON.stringify(body(event))];
}

/** The last event's. */
export async function reportOf<R>(events: AsyncGenerator<RunEvent<R>>): Promise<R> {
  for await (const event of events) if (event.type === 'report') return event.report;
  throw new Error('The evaluation ended without a report.');
}

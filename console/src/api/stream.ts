import { EventParser } from '../lib/sse.ts';
import { type Call, read, send } from './http.ts';
import { ConnectionLost, type Problem, Refusal } from './refusal.ts';

const DONE = '[DONE]';

/**
 * The objects of an event stream as they come. Throws {@link Refusal} for an error event and {@link ConnectionLost} when
 * the stream ends without `[DONE]`; what came before stays with the caller.
 */
export async function* stream<T extends object>(
  method: string,
  path: string,
  call: Call,
): AsyncGenerator<T, void, undefined> {
  const response = await send(method, path, { ...call, accept: 'text/event-stream' });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await read(reader.read(), call.signal);
      if (done) throw new ConnectionLost('The connection to the server was lost before the end.');
      for (const data of parser.push(value)) {
        if (data === DONE) return;
        const event = JSON.parse(data) as Problem;
        if (event.error !== undefined) throw new Refusal(response.status, event);
        yield event as T;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

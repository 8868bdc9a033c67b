import { ServerRefusal } from './client.ts';

const DONE = '[DONE]';

/**
 * The objects of a stream of server-sent events as the server writes it: one `data:` line an event, `[DONE]` last.
 * Throws {@link ServerRefusal} for an error event, and when the stream ends early.
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of untilBroken(body)) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split('\n');
    text = lines.pop()!;
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      const data = line.slice('data: '.length);
      if (data === DONE) return;
      const value = JSON.parse(data) as {
        readonly error?: { readonly message: string; readonly code: string };
      };
      if (value.error !== undefined) throw refusal(value.error.message, value.error.code);
      yield value;
    }
  }
  throw endedEarly();
}

/** fetch says with a TypeError that the connection broke, or that nothing came for long. */
async function* untilBroken(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw error instanceof TypeError ? endedEarly() : error;
  }
}

const endedEarly = (): ServerRefusal => refusal('The server ended its answer early.', 'stream_ended_early');

const refusal = (detail: string, code: string): ServerRefusal =>
  new ServerRefusal(200, { detail, error: { code } });

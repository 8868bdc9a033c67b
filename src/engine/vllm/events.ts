import { parsed } from './http.ts';
import { badAnswer } from './refusals.ts';

/** Bytes of one event: a step's tokens with 20 alternatives each are some kilobytes. */
const MOST_EVENT_BYTES = 2 ** 20;

/** What OpenAI's streams end with. */
const LAST = '[DONE]';

/**
 * The JSON values of a stream of server-sent events up to its end. Rejects with engine_bad_answer when it ends before.
 * What follows the last event is read, so that the connection can be kept.
 */
export async function* eventsOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let isOver = false;
  for await (const piece of pieces) {
    if (isOver) continue;
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (rest.length > MOST_EVENT_BYTES) throw badAnswer(`an event of more than ${MOST_EVENT_BYTES} bytes`);
    for (const line of lines) {
      if (!line.startsWith('data:')) continue;
      const data = line.slice('data:'.length).trim();
      isOver = data === LAST;
      if (isOver) break;
      yield parsed(data);
    }
  }
  if (isOver) return;
  throw badAnswer('a stream that ended before its last event');
}

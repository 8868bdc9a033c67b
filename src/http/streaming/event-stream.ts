import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { answering } from '../../thread-share.ts';
import { apiErrorOf, refusalOf } from '../problem.ts';

export const EVENT_STREAM_MEDIA_TYPE = 'text/event-stream';

/** Bytes that wait for a slow reader before the source is no longer asked for more. */
const HIGH_WATER_MARK = 16 * 1024;

/**
 * Sends JSON texts as server-sent events, then `data: [DONE]`: a stream without it was cut. Rejects when the source
 * fails before its first text, so that this becomes an ordinary problem response; a later failure becomes an event
 * `data: {"error": ...}` in front of `[DONE]`.
 */
export async function sendEventStream(
  reply: FastifyReply,
  source: AsyncGenerator<readonly string[]>,
): Promise<FastifyReply> {
  const first = await source.next();
  const events = Readable.from(encode(first, source, reply), {
    objectMode: false,
    highWaterMark: HIGH_WATER_MARK,
  });
  return (
    reply
      .type(EVENT_STREAM_MEDIA_TYPE)
      .header('cache-control', 'no-cache')
      // nginx would otherwise hold the events back.
      .header('x-accel-buffering', 'no')
      .send(events)
  );
}

async function* encode(
  first: IteratorResult<readonly string[]>,
  source: AsyncGenerator<readonly string[]>,
  reply: FastifyReply,
): AsyncGenerator<string> {
  try {
    for (let next = first; next.done !== true; next = await source.next()) {
      yield next.value.map(event).join('');
      // A connection that takes all at once would let nobody else have a turn.
      if (answering.isOver()) await answering.next();
    }
  } catch (error) {
    const refusal = refusalOf(error);
    // A source also fails when its client left; nobody reads what follows.
    if (refusal.status === 500 && !reply.raw.destroyed) reply.log.error({ err: error }, 'stream failed');
    reply.request.refusal = refusal.code;
    yield event(JSON.stringify({ error: apiErrorOf(refusal) }));
  } finally {
    // Also when the client left: lets the source release what it holds.
    await source.return(undefined);
  }
  yield 'data: [DONE]\n\n';
}

/** JSON has no raw line breaks, so one `data:` line always suffices. */
const event = (json: string): string => `data: ${json}\n\n`;

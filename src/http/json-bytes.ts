import type { FastifyReply } from 'fastify';
import { answering } from '../thread-share.ts';

/** Characters that become bytes at once: well under a millisecond. */
const BLOCK = 64 * 1024;

/** The bytes of a long JSON text that is written in pieces. Other requests get their turns while it is. */
export async function jsonBytes(pieces: Iterable<string>): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < BLOCK) continue;
    blocks.push(Buffer.from(text));
    text = '';
    if (answering.isOver()) await answering.next();
  }
  blocks.push(Buffer.from(text));
  return Buffer.concat(blocks);
}

/** Answers with a JSON text. */
export const sendJson = (reply: FastifyReply, json: Buffer): FastifyReply =>
  reply.type('application/json; charset=utf-8').send(json);

/** A JSON list. @param json of an item */
export function* jsonList<T>(items: Iterable<T>, json: (item: T) => string): Generator<string> {
  let before = '[';
  for (const item of items) {
    yield before + json(item);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

/** As `JSON.stringify`, for numbers alone and quicker. */
export const numberJson = (value: number): string => (Number.isFinite(value) ? `${value}` : 'null');

/** For a list of texts that are JSON themselves. */
export const asItIs = (json: string): string => json;

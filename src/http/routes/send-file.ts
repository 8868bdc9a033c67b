import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { etagOf, isFresh } from '../etag.ts';
import { etagHeader } from '../schemas/prompt.ts';
import { empty, type ResponseHeader } from '../schemas/responses.ts';

export const IfNoneMatch = Type.Object({
  'if-none-match': Type.Optional(Type.String({ description: 'ETags of copies that the client holds.' })),
});

const cacheHeaders = {
  ...etagHeader,
  'cache-control': { type: 'string', description: '`no-cache`: ask again, with the ETag.' },
} as const satisfies Record<string, ResponseHeader>;

export const notModified = empty('The client holds this content already.', cacheHeaders);

export const fileHeaders = {
  ...cacheHeaders,
  'content-disposition': { type: 'string', description: 'The name under which PEFT looks for the file.' },
} as const satisfies Record<string, ResponseHeader>;

/** Sends a file under its hash, or says that the client holds it already. */
export function sendFile(
  reply: FastifyReply,
  ifNoneMatch: string | undefined,
  sha256: string,
  name: string,
  mediaType: string,
  file: Uint8Array,
): FastifyReply {
  // The content of a version never changes, but a version can be deleted: always ask again.
  reply.header('etag', etagOf(sha256)).header('cache-control', 'no-cache');
  if (isFresh(ifNoneMatch, sha256)) return reply.code(304).send();
  return reply
    .type(mediaType)
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Buffer.from(file.buffer, file.byteOffset, file.byteLength));
}

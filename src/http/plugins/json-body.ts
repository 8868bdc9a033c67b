import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import { answering } from '../../thread-share.ts';
import { assertSafeContent } from './json-content.ts';
import { assertModestStructure } from './json-structure.ts';

/** Several bodies that are larger are not read in one turn of the event loop: the largest takes some 30 ms. */
const LARGE_BYTES = 64 * 1024;

/**
 * Reads `application/json` strictly: bytes that are not UTF-8 are refused instead of being replaced, and so are
 * texts with half a character and keys that reach into prototypes. An empty body counts as none, because
 * clients send the header with it.
 */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => {
      if (body.length === 0) return undefined;
      if (body.length > LARGE_BYTES && answering.isOver()) await answering.next();
      return parse(body);
    },
  );
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function parse(body: Buffer): unknown {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    throw new DomainError('invalid', 'invalid_utf8', 'The body is not valid UTF-8.', { expected: 'UTF-8' });
  }
  assertModestStructure(body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DomainError('invalid', 'invalid_json', `The body is not valid JSON: ${reason(cause)}.`, {
      cause,
    });
  }
  assertSafeContent(text, value);
  return value;
}

/** Where the text breaks, as V8 says it, without the part of the body that it quotes. */
function reason(cause: unknown): string {
  const at = /at position [0-9]+/.exec(String(cause));
  return at === null ? 'it ends too early' : `wrong ${at[0]}`;
}

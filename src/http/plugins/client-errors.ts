import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_MEDIA_TYPE, problemOf, type Refusal } from '../problem.ts';

/** Time that a client gets to read the refusal. */
const LINGER_MS = 1000;

/**
 * Answers bytes that are no HTTP request, for which there is no route, no request and no reply; the code of the answer,
 * or null when nobody can read one: whoever ends in the middle of a request has left.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): string | null {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return null;
  }
  const refusal = refusalOfParser(error.code);
  const body = JSON.stringify(problemOf(refusal, { id: randomUUID(), url: '/' }));
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // A client that neither reads nor leaves would otherwise keep the connection half open for ever.
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(cut));
  return error.code === 'HPE_INVALID_EOF_STATE' ? null : refusal.code;
}

function refusalOfParser(code: string | undefined): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, code: 'headers_too_large', message: "The request's headers are too large." };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'request_timeout', message: 'The request did not arrive in time.' };
    default:
      return { status: 400, code: 'malformed_http', message: 'The bytes are not an HTTP request.' };
  }
}

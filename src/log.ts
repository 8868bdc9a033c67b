import { type DestinationStream, type Logger, pino } from 'pino';

const STDERR = 2;
/** Bytes that wait for a reader that is slow; more are dropped. */
const MOST_BUFFERED = 4 * 2 ** 20;

/** Fields that no line has; if one ever gets one of them, it does not go out. */
const NEVER = ['authorization', 'cookie', 'headers', 'body', 'given', 'expected'];

/**
 * The log of a service, one JSON object a line. To stderr it is written beside the requests: a reader that is slow, or
 * gone, or a disk that is full loses lines and stops nothing.
 */
export function createLog(level: string, stream: DestinationStream & { readonly fd?: number }): Logger {
  const redact = { paths: NEVER.flatMap((field) => [field, `*.${field}`]), remove: true };
  if (stream.fd !== STDERR) return pino({ level, redact }, stream);
  const stderr = pino.destination({ fd: STDERR, sync: false, maxLength: MOST_BUFFERED });
  // Without a listener it would end the process.
  stderr.on('error', () => undefined);
  return pino({ level, redact }, stderr);
}

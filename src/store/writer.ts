/** Entry of the writer thread: runs writes one after the other, so that none blocks the event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { DomainError, serializeError } from '../domain/errors.ts';
import { openForWriting } from './connection.ts';
import type { WriterData, WriterFailure, WriterRequest, WriterResponse } from './protocol.ts';
import { createWrites, type Writes } from './writes.ts';

const port = parentPort!;
const { file, maxBytes, limits } = workerData as WriterData;

try {
  const { db, applied } = openForWriting(file, maxBytes);
  const writes = createWrites(db, limits);
  port.on('message', (request: WriterRequest) => {
    if (request.type === 'close') {
      db.close();
      port.close();
    } else {
      respond(perform(writes, request));
    }
  });
  respond({ type: 'ready', applied });
} catch (error) {
  respond({ type: 'failed', failure: describe(error) });
}

function perform(writes: Writes, { id, name, args }: WriterRequest & { type: 'write' }): WriterResponse {
  // The request's type ties `args` to `name`; TypeScript loses that tie when it indexes.
  const write = writes[name] as (...args: unknown[]) => unknown;
  try {
    return { type: 'done', id, value: write(...args) };
  } catch (error) {
    return { type: 'refused', id, failure: describe(error) };
  }
}

function describe(error: unknown): WriterFailure {
  if (error instanceof DomainError) return { refusal: serializeError(error) };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { bug: { message, stack } };
}

function respond(response: WriterResponse): void {
  port.postMessage(response);
}

/** Entry of the writer thread: runs writes one after the other, so that none blocks the event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting } from './connection.ts';
import { describeFailure } from './failure.ts';
import type { WriterData, WriterRequest, WriterResponse } from './protocol.ts';
import { refuseMirror } from './shared/mirror.ts';
import { createWrites, type Writes } from './writes.ts';

const port = parentPort!;
const { file, maxBytes, limits } = workerData as WriterData;

try {
  const { db, applied } = openForWriting(file, maxBytes);
  refuseMirror(db, file);
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
  respond({ type: 'failed', failure: describeFailure(error) });
}

function perform(writes: Writes, { id, name, args }: WriterRequest & { type: 'write' }): WriterResponse {
  // The request's type ties `args` to `name`; TypeScript loses that tie when it indexes.
  const write = writes[name] as (...args: unknown[]) => unknown;
  try {
    return { type: 'done', id, value: write(...args) };
  } catch (error) {
    return { type: 'refused', id, failure: describeFailure(error) };
  }
}

function respond(response: WriterResponse): void {
  port.postMessage(response);
}

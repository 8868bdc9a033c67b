/** Entry of the writer thread of a replica: writes go to the shared database first, and what others wrote comes in. */
import { parentPort, workerData } from 'node:worker_threads';
import { DomainError } from '../../domain/errors.ts';
import { describeFailure } from '../failure.ts';
import type { SharedWriterData, WriterRequest, WriterResponse } from '../protocol.ts';
import { createWrites, type Writes } from '../writes.ts';
import { Connection } from './connection.ts';
import { Follower } from './follower.ts';
import { Mirror } from './mirror.ts';
import { useSchema } from './schema.ts';
import { writeShared } from './write.ts';

const port = parentPort!;
const { file, limits, url, replica, model } = workerData as SharedWriterData;

/** Writes that stay in the mirror. */
const OWN: ReadonlySet<keyof Writes> = new Set(['recordUses']);

const respond = (response: WriterResponse): void => port.postMessage(response);

try {
  await run(new Mirror(file));
} catch (error) {
  respond({ type: 'failed', failure: describeFailure(error) });
  port.close();
}

async function run(mirror: Mirror): Promise<void> {
  const writes = createWrites(mirror.db, limits);
  const connection = new Connection(url, useSchema);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
  const follower = new Follower({
    url,
    mirror,
    replica,
    model,
    inTurn,
    onLook: (failure) =>
      respond({
        type: 'looked',
        failure: failure === null ? null : describeFailure(failure),
        seq: mirror.state.seq,
      }),
  });
  const close = async (): Promise<void> => {
    await follower.close();
    await connection.close();
    mirror.close();
  };
  let migrated: readonly string[] = [];
  try {
    migrated = await follower.join();
  } catch (error) {
    // What is in the mirror can be served; what cannot be reached now is looked for again and again.
    const isAway = error instanceof DomainError && error.kind === 'unavailable';
    if (!isAway || mirror.state.source === null) {
      await close();
      throw error;
    }
    respond({ type: 'looked', failure: describeFailure(error), seq: mirror.state.seq });
  }

  async function perform({ id, name, args }: WriterRequest & { type: 'write' }): Promise<WriterResponse> {
    // The request's type ties `args` to `name`; TypeScript loses that tie when it indexes.
    const write = writes[name] as (...args: unknown[]) => unknown;
    const work = () => write(...args);
    try {
      if (OWN.has(name)) return { type: 'done', id, value: work() };
      follower.assertJoined();
      return { type: 'done', id, value: await writeShared(connection, mirror, work) };
    } catch (error) {
      return { type: 'refused', id, failure: describeFailure(error) };
    }
  }

  port.on('message', (request: WriterRequest) => {
    if (request.type === 'write') void inTurn(async () => respond(await perform(request)));
    // Not in a turn of its own: the follower may still wait for one.
    else void last.then(close).then(() => port.close());
  });
  respond({ type: 'ready', applied: [...migrated, ...mirror.applied] });
  follower.follow();
}

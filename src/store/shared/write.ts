import { translating } from '../sqlite-errors.ts';
import type { Connection } from './connection.ts';
import { writeUnknown } from './errors.ts';
import type { Mirror } from './mirror.ts';
import { isNear, pull, readHead, update } from './pull.ts';
import { push } from './push.ts';

/**
 * One write of a replica, durable in the shared database when it resolves. It waits for the writes of other replicas, takes
 * what they wrote, applies the rules to the mirror, and makes the rows that changed there the next state of the shared
 * database. A refusal changes neither. Rejects with `unavailable` write_unknown also when the mirror fails after the shared
 * database has taken the write: it comes in with the next look.
 * @param work runs on the mirror's own connection, inside its transaction
 */
export async function writeShared<T>(connection: Connection, mirror: Mirror, work: () => T): Promise<T> {
  const first = await attempt(connection, mirror, work, false);
  if (first !== TOO_FAR) return first;
  // All other replicas would wait for so much.
  await update(connection, mirror);
  return (await attempt(connection, mirror, work, true)) as T;
}

/** The mirror has missed so much that it must be brought up to date before. */
const TOO_FAR = Symbol('too far behind');

async function attempt<T>(
  connection: Connection,
  mirror: Mirror,
  work: () => T,
  isUpdated: boolean,
): Promise<T | typeof TOO_FAR> {
  const { db, capture } = mirror;
  try {
    const value = await connection.transaction('BEGIN', async (client) => {
      const head = await readHead(client, 'FOR UPDATE');
      if (!isUpdated && !isNear(mirror, head)) return TOO_FAR;
      await pull(client, mirror, head);
      translating(() => db.exec('BEGIN IMMEDIATE'));
      const result = work();
      const changes = capture.take();
      if (changes.length > 0) mirror.setSeq(await push(client, head, changes));
      return result;
    });
    if (db.inTransaction) commit(mirror);
    return value;
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
  }
}

function commit({ db }: Mirror): void {
  try {
    db.exec('COMMIT');
  } catch (error) {
    throw writeUnknown(error);
  }
}

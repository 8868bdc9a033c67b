import type { Connection } from './connection.ts';
import type { Mirror } from './mirror.ts';
import { pull, readHead } from './pull.ts';
import { push } from './push.ts';

/**
 * One write of a replica, durable in the shared database when it resolves. It waits for the writes of other replicas, takes
 * what they wrote, applies the rules to the mirror, and makes the rows that changed there the next state of the shared
 * database. A refusal changes neither. Should the mirror fail after the shared database has taken the write, it comes in
 * with the next look.
 * @param work runs on the mirror's own connection, inside its transaction
 */
export async function writeShared<T>(connection: Connection, mirror: Mirror, work: () => T): Promise<T> {
  const { db, capture } = mirror;
  try {
    const value = await connection.transaction('BEGIN', async (client) => {
      const head = await readHead(client, 'FOR UPDATE');
      await pull(client, mirror, head);
      db.exec('BEGIN IMMEDIATE');
      const result = work();
      const changes = capture.take();
      if (changes.length > 0) mirror.setSeq(await push(client, head, changes));
      return result;
    });
    db.exec('COMMIT');
    return value;
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
  }
}

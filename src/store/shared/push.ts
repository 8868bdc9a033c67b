import type pg from 'pg';
import type { Head } from './pull.ts';
import { pages, writeRows } from './rows.ts';
import { keyOf, type RowKey, type SharedTable, type TableChange } from './tables.ts';

/** A mirror that was away for more writes than these is copied anew. */
const KEPT_WRITES = 100_000;
/** The oldest are dropped once in so many writes. */
const TRIM_EVERY = 1000;
/** Notes of one statement. */
const PAGE = 1000;

/** The channel on which replicas hear that there is something new. */
export const CHANNEL = 'softprompt_changes';

/**
 * Makes what a write changed the next state of the shared database, in the transaction that has locked `head`; its number.
 */
export async function push(client: pg.Client, head: Head, changes: readonly TableChange[]): Promise<number> {
  const seq = head.seq + 1;
  await writeRows(client, changes);
  for (const page of pages(changes.flatMap(notesOf), PAGE)) {
    await client.query(
      `INSERT INTO changes (seq, kind, key)
       SELECT $1, kind, key FROM json_to_recordset($2) AS n (kind text, key json)`,
      [seq, JSON.stringify(page)],
    );
  }
  await client.query('UPDATE head SET seq = $1', [seq]);
  if (seq % TRIM_EVERY === 0 && seq > KEPT_WRITES) await trim(client, seq - KEPT_WRITES);
  await client.query(`NOTIFY ${CHANNEL}`);
  return seq;
}

async function trim(client: pg.Client, oldest: number): Promise<void> {
  await client.query('DELETE FROM changes WHERE seq <= $1', [oldest]);
  await client.query('UPDATE head SET oldest = $1', [oldest]);
}

interface Note {
  readonly kind: SharedTable;
  readonly key: RowKey;
}

const notesOf = ({ table, deleted, upserted }: TableChange): readonly Note[] =>
  [...deleted, ...upserted.map((row) => keyOf(table, row))].map((key) => ({ kind: table, key }));

import type pg from 'pg';
import { changeOf } from './capture.ts';
import type { Connection } from './connection.ts';
import type { Incoming, Mirror } from './mirror.ts';
import { pageSize, pages, readRows, readTable } from './rows.ts';
import { keyOf, type RowKey, SHARED_TABLE_NAMES, type SharedTable, type TableChange } from './tables.ts';

/** What the shared database is, and how far it has come. */
export interface Head {
  readonly id: string;
  /** Number of the last write. */
  readonly seq: number;
  /** Mirrors behind this number are copied anew. */
  readonly oldest: number;
}

export async function readHead(client: pg.Client, lock: '' | 'FOR UPDATE' = ''): Promise<Head> {
  const { rows } = await client.query<Head>(`SELECT id, seq, oldest FROM head ${lock}`);
  return rows[0]!;
}

/** Whether the mirror has everything. */
export const isCurrent = (mirror: Mirror, { id, seq }: Head): boolean => {
  const state = mirror.state;
  return state.source === id && state.seq === seq;
};

/** Writes that a mirror takes in while those of all replicas wait for it. */
const FEW_WRITES = 1000;

/** Whether the mirror has everything but a few writes. */
export const isNear = (mirror: Mirror, head: Head): boolean =>
  isCurrent(mirror, head) || (follows(mirror, head) && head.seq - mirror.state.seq <= FEW_WRITES);

/** Whether what the mirror lacks is among the changes that are kept. */
const follows = (mirror: Mirror, head: Head): boolean => {
  const { source, seq } = mirror.state;
  return source === head.id && seq >= head.oldest && seq < head.seq;
};

/** Brings the mirror up to date, while others write. No other use of either may come meanwhile. */
export async function update(connection: Connection, mirror: Mirror): Promise<void> {
  await connection.transaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', async (client) => {
    // Nobody waits for it, and the mirror's disk may be slow.
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = '5min'`);
    await pull(client, mirror, await readHead(client));
  });
}

/**
 * Brings the mirror to `head`, inside a transaction that sees just that state: all that the client reads must be of one
 * moment. A mirror that is new, of another database, or too far behind is copied anew.
 */
export async function pull(client: pg.Client, mirror: Mirror, head: Head): Promise<void> {
  if (isCurrent(mirror, head)) return;
  const isBehind = follows(mirror, head);
  const { seq } = mirror.state;
  await mirror.take({ source: head.id, seq: head.seq }, async (incoming) => {
    if (isBehind) await pullChanges(client, mirror, incoming, seq);
    else await copyAll(client, mirror, incoming);
  });
}

async function pullChanges(
  client: pg.Client,
  mirror: Mirror,
  incoming: Incoming,
  since: number,
): Promise<void> {
  const { rows } = await client.query<{ kind: SharedTable; keys: readonly RowKey[] }>(
    `SELECT kind, json_agg(key) AS keys FROM (SELECT DISTINCT kind, key::jsonb AS key FROM changes WHERE seq > $1) c
     GROUP BY kind`,
    [since],
  );
  const changed = new Map(rows.map(({ kind, keys }) => [kind, keys]));
  const gone: TableChange[] = [];
  for (const table of SHARED_TABLE_NAMES) {
    for (const page of pages(changed.get(table) ?? [], pageSize(table))) {
      // Keys that are equal must be equal as texts: their columns in one order.
      const keys = page.map((key) => keyOf(table, key));
      const { deleted, upserted } = changeOf(
        table,
        keys,
        await readRows(client, table, mirror.columns(table), keys),
      );
      incoming.apply({ table, deleted: [], upserted });
      gone.push({ table, deleted, upserted: [] });
    }
  }
  // Last, because a content goes with the last version that has it, and another one may have come.
  for (const change of gone.reverse()) incoming.apply(change);
}

async function copyAll(client: pg.Client, mirror: Mirror, incoming: Incoming): Promise<void> {
  incoming.clear();
  for (const table of SHARED_TABLE_NAMES) {
    for await (const rows of readTable(client, table, mirror.columns(table))) {
      incoming.apply({ table, deleted: [], upserted: rows });
    }
  }
}

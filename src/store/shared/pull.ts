import type pg from 'pg';
import { changeOf } from './capture.ts';
import type { Incoming, Mirror } from './mirror.ts';
import { pageSize, pages, readRows, readTable } from './rows.ts';
import { keyOf, type RowKey, SHARED_TABLE_NAMES, type SharedTable } from './tables.ts';

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

/**
 * Brings the mirror to `head`, inside a transaction that sees just that state: all that the client reads must be of one
 * moment. A mirror that is new, of another database, or too far behind is copied anew.
 */
export async function pull(client: pg.Client, mirror: Mirror, head: Head): Promise<void> {
  if (isCurrent(mirror, head)) return;
  const { source, seq } = mirror.state;
  const follows = source === head.id && seq >= head.oldest && seq < head.seq;
  await mirror.take({ source: head.id, seq: head.seq }, async (incoming) => {
    if (follows) await pullChanges(client, mirror, incoming, seq);
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
  for (const table of SHARED_TABLE_NAMES) {
    for (const page of pages(changed.get(table) ?? [], pageSize(table))) {
      // Keys that are equal must be equal as texts: their columns in one order.
      const keys = page.map((key) => keyOf(table, key));
      incoming.apply(changeOf(table, keys, await readRows(client, table, mirror.columns(table), keys)));
    }
  }
}

async function copyAll(client: pg.Client, mirror: Mirror, incoming: Incoming): Promise<void> {
  incoming.clear();
  for (const table of SHARED_TABLE_NAMES) {
    for await (const rows of readTable(client, table, mirror.columns(table))) {
      incoming.apply({ table, deleted: [], upserted: rows });
    }
  }
}

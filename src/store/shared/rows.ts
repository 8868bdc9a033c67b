import type pg from 'pg';
import { textNotStorable } from './errors.ts';
import { keyColumns, type Row, type RowKey, type SharedTable, type TableChange } from './tables.ts';

/** Rows, or keys, of one statement: a page in memory, not a table. */
const PAGE = 500;
/** Prompt files and checkpoints have up to tens of megabytes. */
const CONTENT_PAGE = 1;

const hasContents = (table: SharedTable): boolean => table === 'blobs' || table === 'training_checkpoints';

export const pageSize = (table: SharedTable): number => (hasContents(table) ? CONTENT_PAGE : PAGE);

export function* pages<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}

/** Rows without bytes as `json_populate_recordset` reads them. Throws `unprocessable` text_not_storable with the column. */
export const json = (rows: readonly (Row | RowKey)[]): string => {
  rows.forEach(assertStorable);
  return JSON.stringify(rows);
};

function assertStorable(row: Row | RowKey): void {
  for (const [column, value] of Object.entries(row)) {
    if (typeof value === 'string' && value.includes('\0'))
      throw textNotStorable({ param: column, given: 'U+0000' });
  }
}

const sameKey = (table: SharedTable, a: string, b: string): string =>
  keyColumns(table)
    .map((column) => `${a}.${column} = ${b}.${column}`)
    .join(' AND ');

/** Makes the shared rows those that an own write left in the mirror, in the transaction under way. */
export async function writeRows(client: pg.Client, changes: readonly TableChange[]): Promise<void> {
  // What refers to others goes before them.
  for (const { table, deleted } of [...changes].reverse()) {
    for (const page of pages(deleted, PAGE)) {
      await client.query(
        `DELETE FROM ${table} t USING json_populate_recordset(null::${table}, $1) k WHERE ${sameKey(table, 't', 'k')}`,
        [json(page)],
      );
    }
  }
  for (const { table, upserted } of changes) {
    for (const page of pages(upserted, pageSize(table))) await upsert(client, table, page);
  }
}

async function upsert(client: pg.Client, table: SharedTable, rows: readonly Row[]): Promise<void> {
  // Columns that this version of the program does not know keep what they have.
  const columns = Object.keys(rows[0]!);
  const others = columns.filter((column) => !keyColumns(table).includes(column));
  const changes = others.map((column) => `${column} = excluded.${column}`);
  const insert = (source: string, values: readonly unknown[]) =>
    client.query(
      `INSERT INTO ${table} (${columns}) ${source} ON CONFLICT (${keyColumns(table)}) DO UPDATE SET ${changes}`,
      [...values],
    );
  if (!hasContents(table)) {
    await insert(`SELECT ${columns} FROM json_populate_recordset(null::${table}, $1)`, [json(rows)]);
    return;
  }
  // Bytes as they are: as a text in JSON they would take ten times as long, while all other writes wait.
  for (const row of rows) {
    assertStorable(row);
    await insert(`VALUES (${columns.map((_, i) => `$${i + 1}`)})`, Object.values(row));
  }
}

/** The rows with these keys that are there. */
export async function readRows(
  client: pg.Client,
  table: SharedTable,
  columns: readonly string[],
  keys: readonly RowKey[],
): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>(
    `SELECT ${columns.map((column) => `t.${column}`)} FROM ${table} t
     JOIN json_populate_recordset(null::${table}, $1) k ON ${sameKey(table, 't', 'k')}`,
    [json(keys)],
  );
  return rows;
}

/** All rows of a table, page by page in the order of their keys. */
export async function* readTable(
  client: pg.Client,
  table: SharedTable,
  columns: readonly string[],
): AsyncGenerator<readonly Row[]> {
  const key = keyColumns(table);
  const size = pageSize(table);
  let last: Row | undefined;
  for (;;) {
    const behind = last === undefined ? '' : `WHERE (${key}) > (${key.map((_, i) => `$${i + 1}`)})`;
    const { rows }: pg.QueryResult<Row> = await client.query<Row>(
      `SELECT ${columns} FROM ${table} ${behind} ORDER BY ${key} LIMIT ${size}`,
      last === undefined ? [] : key.map((column) => last![column]),
    );
    if (rows.length > 0) yield rows;
    if (rows.length < size) return;
    last = rows.at(-1);
  }
}

import type { Database } from 'better-sqlite3';
import {
  keyColumns,
  keyOf,
  type Row,
  type RowKey,
  SHARED_TABLE_NAMES,
  type SharedTable,
  type TableChange,
} from './tables.ts';

/** Notes which shared rows the transaction under way has changed, whatever statement or trigger did it. */
export interface Capture {
  /** What has changed since the last call, as the rows are now. */
  take(): readonly TableChange[];
}

/** Sets temporary triggers on this connection; changes that other connections make are not seen. */
export function captureChanges(db: Database): Capture {
  db.exec('CREATE TEMP TABLE captured (kind TEXT NOT NULL, key TEXT NOT NULL)');
  for (const table of SHARED_TABLE_NAMES) {
    const key = (row: 'NEW' | 'OLD') =>
      `json_object(${keyColumns(table).map((column) => `'${column}', ${row}.${column}`)})`;
    const note = (row: 'NEW' | 'OLD') => `INSERT INTO captured VALUES ('${table}', ${key(row)});`;
    db.exec(`
      CREATE TEMP TRIGGER ${table}_inserted AFTER INSERT ON main.${table} BEGIN ${note('NEW')} END;
      CREATE TEMP TRIGGER ${table}_updated AFTER UPDATE ON main.${table} BEGIN ${note('OLD')} ${note('NEW')} END;
      CREATE TEMP TRIGGER ${table}_deleted AFTER DELETE ON main.${table} BEGIN ${note('OLD')} END;`);
  }
  const captured = db.prepare<[string], string>('SELECT DISTINCT key FROM captured WHERE kind = ?').pluck();
  const forget = db.prepare('DELETE FROM captured');
  const readers = new Map(SHARED_TABLE_NAMES.map((table) => [table, rowReader(db, table)]));
  return {
    take() {
      const changes = SHARED_TABLE_NAMES.map((table) => {
        const keys = captured.all(table).map((text) => JSON.parse(text) as RowKey);
        return changeOf(table, keys, keys.map(readers.get(table)!));
      });
      forget.run();
      return changes.filter(({ deleted, upserted }) => deleted.length + upserted.length > 0);
    },
  };
}

/** Tells the rows that are there from those that are gone. */
export function changeOf(
  table: SharedTable,
  keys: readonly RowKey[],
  found: readonly (Row | undefined)[],
): TableChange {
  const upserted = found.filter((row) => row !== undefined);
  const there = new Set(upserted.map((row) => JSON.stringify(keyOf(table, row))));
  const deleted = keys.filter((key) => !there.has(JSON.stringify(key)));
  return { table, deleted, upserted };
}

function rowReader(db: Database, table: SharedTable): (key: RowKey) => Row | undefined {
  const where = keyColumns(table).map((column) => `${column} = :${column}`);
  const select = db.prepare<[RowKey], Row>(`SELECT * FROM ${table} WHERE ${where.join(' AND ')}`);
  return (key) => select.get(key);
}

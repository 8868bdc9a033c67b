import Database from 'better-sqlite3';
import { DomainError } from '../../domain/errors.ts';
import { openForWriting } from '../connection.ts';
import { translating } from '../sqlite-errors.ts';
import { type Capture, captureChanges } from './capture.ts';
import { keyColumns, SHARED_TABLE_NAMES, type SharedTable, type TableChange } from './tables.ts';

/** Up to which write of which database a mirror has everything. */
export interface MirrorState {
  /** `head.id` of the shared database; null: the mirror is new. */
  readonly source: string | null;
  readonly seq: number;
}

/**
 * A replica's copy of the shared database, in SQLite: all reads are of it. What others wrote comes in through a connection
 * without foreign keys, because rows come table by table; own writes go through another, on which what they change is noted.
 */
export class Mirror {
  /** Names of the migrations that were applied when it was opened. */
  readonly applied: readonly string[];
  /** For the replica's own writes. */
  readonly db: Database.Database;
  readonly capture: Capture;
  readonly #lock: Database.Database;
  readonly #incoming: Database.Database;
  readonly #columns: ReadonlyMap<SharedTable, readonly string[]>;

  /** Throws as {@link openForWriting} does, and `conflict` mirror_in_use. */
  constructor(file: string) {
    const { db, applied } = openForWriting(file, null);
    this.#lock = lockMirror(file);
    this.db = db;
    this.applied = applied;
    db.exec(`CREATE TABLE IF NOT EXISTS mirror (
      one INTEGER PRIMARY KEY CHECK (one = 1), source TEXT NOT NULL, seq INTEGER NOT NULL) STRICT`);
    this.capture = captureChanges(db);
    this.#columns = new Map(
      SHARED_TABLE_NAMES.map((table) => [
        table,
        db.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all(),
      ]),
    );
    this.#incoming = new Database(file, { timeout: db.pragma('busy_timeout', { simple: true }) as number });
    this.#incoming.pragma('foreign_keys = OFF');
    // What a power cut takes comes again from the shared database.
    this.#incoming.pragma('synchronous = NORMAL');
  }

  get state(): MirrorState {
    const row = this.db.prepare<[], MirrorState>('SELECT source, seq FROM mirror').get();
    return row ?? { source: null, seq: 0 };
  }

  columns(table: SharedTable): readonly string[] {
    return this.#columns.get(table)!;
  }

  /** In the transaction of an own write. */
  setSeq(seq: number): void {
    this.db.prepare('UPDATE mirror SET seq = ?').run(seq);
  }

  /**
   * Takes what others wrote, all or nothing: `fill` hands it over in pieces. Readers see what was there before until it
   * ends. No own write may be under way.
   */
  async take(
    next: MirrorState & { readonly source: string },
    fill: (incoming: Incoming) => Promise<void>,
  ): Promise<void> {
    const db = this.#incoming;
    translating(() => db.exec('BEGIN IMMEDIATE'));
    try {
      await fill({
        clear: () => translating(() => this.#clear()),
        apply: (change) => translating(() => this.#apply(change)),
      });
      translating(() => {
        db.prepare(
          `INSERT INTO mirror VALUES (1, ?, ?)
           ON CONFLICT (one) DO UPDATE SET source = excluded.source, seq = excluded.seq`,
        ).run(next.source, next.seq);
        db.exec('COMMIT');
      });
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#incoming.close();
    this.db.close();
    this.#lock.close();
  }

  #clear(): void {
    for (const table of SHARED_TABLE_NAMES) this.#incoming.exec(`DELETE FROM ${table}`);
  }

  /** Rows that go come first: one that comes may have their unique values. */
  #apply({ table, deleted, upserted }: TableChange): void {
    const where = keyColumns(table).map((column) => `${column} = :${column}`);
    const remove = this.#incoming.prepare(`DELETE FROM ${table} WHERE ${where.join(' AND ')}`);
    for (const key of deleted) remove.run(key);
    const columns = this.columns(table);
    const values = columns.map((column) => `:${column}`);
    const replace = this.#incoming.prepare(`INSERT OR REPLACE INTO ${table} (${columns}) VALUES (${values})`);
    for (const row of upserted) replace.run(row);
  }
}

/** A lock that ends with its process: two that write one mirror would each miss what the other took. */
function lockMirror(file: string): Database.Database {
  const lock = new Database(`${file}-lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    const message = `Another server uses the mirror ${file}; give each a --mirror of its own.`;
    throw new DomainError('conflict', 'mirror_in_use', message, { param: 'mirror', given: file, cause });
  }
}

/** Where a mirror takes what others wrote. */
export interface Incoming {
  /** Removes all shared rows: a copy of everything follows. */
  clear(): void;
  apply(change: TableChange): void;
}

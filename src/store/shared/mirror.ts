import Database from 'better-sqlite3';
import { DomainError } from '../../domain/errors.ts';
import { openForWriting } from '../connection.ts';
import { translating } from '../sqlite-errors.ts';
import { type Capture, captureChanges } from './capture.ts';
import { keyColumns, SHARED_TABLE_NAMES, type SharedTable, type TableChange } from './tables.ts';

/** Behind every write: a new copy is taken, and until then what is here is read. */
const BEFORE_ALL = -1;

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

  /** Throws as {@link openForWriting} does, and `conflict` mirror_in_use and mirror_is_store. */
  constructor(file: string) {
    const { db, applied } = openForWriting(file, null);
    this.#lock = lockMirror(file);
    this.db = db;
    this.applied = applied;
    if (!isMirror(db)) {
      refuseStore(db, file);
      db.exec(`CREATE TABLE mirror (
        one INTEGER PRIMARY KEY CHECK (one = 1), source TEXT NOT NULL, seq INTEGER NOT NULL) STRICT`);
    }
    // What other replicas wrote into columns that this mirror did not have yet comes with a new copy.
    if (applied.length > 0) this.setSeq(BEFORE_ALL);
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
      let tasksGo = false;
      await fill({
        clear: () => {
          tasksGo = true;
          translating(() => this.#clear());
        },
        apply: (change) => {
          tasksGo ||= change.table === 'tasks' && change.deleted.length > 0;
          translating(() => this.#apply(change));
        },
      });
      translating(() => {
        // The replica's own rows of tasks that others deleted.
        if (tasksGo) db.exec('DELETE FROM task_uses WHERE task NOT IN (SELECT name FROM tasks)');
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

  /** Rows that come replace those whose unique values they have, and which are changed or gone as well. */
  #apply({ table, deleted, upserted }: TableChange): void {
    const columns = this.columns(table);
    const values = columns.map((column) => `:${column}`);
    const replace = this.#incoming.prepare(`INSERT OR REPLACE INTO ${table} (${columns}) VALUES (${values})`);
    for (const row of upserted) replace.run(row);
    const where = keyColumns(table).map((column) => `${column} = :${column}`);
    const remove = this.#incoming.prepare(`DELETE FROM ${table} WHERE ${where.join(' AND ')}`);
    for (const key of deleted) remove.run(key);
  }
}

/** Throws `conflict` database_is_mirror: what is written into a replica's copy itself is lost with the next one. */
export function refuseMirror(db: Database.Database, file: string): void {
  if (!isMirror(db)) return;
  const message = `${file} is the mirror of a shared database; serve that one, with this file as --mirror.`;
  throw new DomainError('conflict', 'database_is_mirror', message, {
    param: 'db',
    expected: 'a store of its own',
    given: file,
  });
}

const isMirror = (db: Database.Database): boolean =>
  db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'mirror'").get() !== undefined;

/** A store of its own would lose all that it has to the copy. */
function refuseStore(db: Database.Database, file: string): void {
  const held = SHARED_TABLE_NAMES.find((table) => db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get());
  if (held === undefined) return;
  const message = `${file} is a store of its own, and a mirror would replace what it has. Give another --mirror.`;
  throw new DomainError('conflict', 'mirror_is_store', message, {
    param: 'mirror',
    expected: 'a mirror, or a file that does not exist',
    given: file,
  });
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

/**
 * The tables that replicas share, with the columns of their keys, in an order in which what is referred to comes first.
 * `task_uses` is not among them: which prefixes are warm is each replica's own affair.
 */
export const SHARED_TABLES = {
  blobs: ['sha256'],
  tasks: ['name'],
  prompt_versions: ['task', 'version'],
  version_counters: ['task'],
  serving_history: ['seq'],
  training_files: ['seq'],
  training_jobs: ['seq'],
  training_events: ['seq'],
  training_checkpoints: ['job', 'step'],
  audit: ['seq'],
  idempotency_keys: ['owner', 'operation', 'key'],
} as const;

export type SharedTable = keyof typeof SHARED_TABLES;

export const SHARED_TABLE_NAMES = Object.keys(SHARED_TABLES) as readonly SharedTable[];

export const keyColumns = (table: SharedTable): readonly string[] => SHARED_TABLES[table];

/** A value of a row as both databases have it: numbers are integers below 2^53, bytes are a `BLOB` or `bytea`. */
export type Value = string | number | Uint8Array | null;

export type Row = Readonly<Record<string, Value>>;

/** The columns of a row's primary key. */
export type RowKey = Readonly<Record<string, string | number>>;

/** What a write did to the rows of one table: the keys of those that are gone, and the others as they are now. */
export interface TableChange {
  readonly table: SharedTable;
  readonly deleted: readonly RowKey[];
  readonly upserted: readonly Row[];
}

export const keyOf = (table: SharedTable, row: Row): RowKey =>
  Object.fromEntries(keyColumns(table).map((column) => [column, row[column] as string | number]));

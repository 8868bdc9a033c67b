/** Something stored that is not what it was. */
export interface Damage {
  /**
   * structure: the database file itself; reference: a row that points nowhere; prompt: a version's file; file: labelled
   * rows of a training file.
   */
  readonly kind: 'structure' | 'reference' | 'prompt' | 'file';
  /** `task@version`, the id of a file, or a table. */
  readonly what: string;
  readonly message: string;
  /** What makes it good again. */
  readonly repair: string;
}

/** What a look at everything that is stored found. */
export interface Inspection {
  /** Distinct prompt files and training files whose content was compared with its hash. */
  readonly prompts: number;
  readonly files: number;
  readonly damage: readonly Damage[];
}

/** How far a long copy or check is, in bytes. */
export interface CareProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface CareOptions {
  readonly onProgress?: (progress: CareProgress) => void;
}

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly prompts: number;
  readonly files: number;
}

export interface RestoreReport {
  readonly database: string;
  /** Where the database lies that was there before; null: there was none. */
  readonly previous: string | null;
  readonly prompts: number;
  readonly files: number;
}

/** What a person does with a database as a whole, beside the service or without it. Paths are absolute. */
export interface DataCare {
  /**
   * Writes all that is stored to one new file, also while a server writes. The file appears under its name only when
   * it is complete, checked and durable. Rejects with `not_found` database_missing, `conflict` file_exists,
   * `unprocessable` database_damaged.
   */
  backup(database: string, file: string, options?: CareOptions): Promise<BackupReport>;
  /**
   * Puts a backup in the place of the database, which is kept aside. Rejects with `conflict` database_in_use while a
   * server holds it, and with `unprocessable` for a file that is damaged, of another program or of a newer version;
   * nothing has changed then.
   */
  restore(file: string, database: string, options?: CareOptions): Promise<RestoreReport>;
  /** Compares every content with its hash and checks the file's structure, without changing anything. */
  inspect(database: string, options?: CareOptions): Promise<Inspection>;
}

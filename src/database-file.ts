import { format, join, parse, resolve } from 'node:path';
import { EMBEDDED } from './domain/model.ts';

/** The settings that say where the data of a server lies. */
interface DatabaseSettings {
  readonly db?: string | undefined;
  readonly mirror?: string | undefined;
  readonly model: string;
}

/** The SQLite file of a server, and the address of the database that it shares; null: the store is its own. */
export function databaseOf(
  { db, mirror, model }: DatabaseSettings,
  home: string,
): { readonly db: string; readonly sharedDb: string | null } {
  if (db === undefined) return { db: defaultDatabase(home, model), sharedDb: null };
  if (!/^postgres(ql)?:/.test(db)) return { db: resolve(db), sharedDb: null };
  return { db: mirror === undefined ? join(home, 'mirror.db') : resolve(mirror), sharedDb: db };
}

function defaultDatabase(home: string, model: string): string {
  const file = join(home, 'softprompt.db');
  return model === EMBEDDED ? embeddedDatabase(file) : file;
}

/**
 * The file beside a database for the model in the package. Prompts of one model are nothing to another, so a database
 * that is meant for another model gets none of its tasks.
 */
export function embeddedDatabase(file: string): string {
  const { dir, name, ext } = parse(file);
  return format({ dir, name: `${name}-embedded`, ext });
}

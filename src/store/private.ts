import { closeSync, existsSync, openSync } from 'node:fs';

/** Modes of what the store creates, whatever the umask: others of the machine do not read what users sent. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_DIRECTORY = 0o700;

/**
 * Creates an empty file unless there is one: SQLite takes it as a new database, and gives its log and journal the same
 * mode.
 */
export function createPrivately(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', PRIVATE_FILE));
}

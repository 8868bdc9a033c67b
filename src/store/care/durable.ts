import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PRIVATE_FILE } from '../private.ts';

/** A name beside `path` that nothing else has. */
export const partOf = (path: string): string => `${path}.part-${randomBytes(6).toString('hex')}`;

/** What was written to a file or directory survives a power cut. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The file appears under its new name, complete and durable, or not at all. */
export function renameDurably(from: string, to: string): void {
  sync(from);
  renameSync(from, to);
  sync(dirname(to));
}

/**
 * As {@link renameDurably}, but never in the place of another file: throws EEXIST, also when that one came at the last
 * moment.
 */
export function placeDurably(from: string, to: string): void {
  sync(from);
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    if (isTaken(error)) throw error;
    // Some file systems have no links. The name is then taken by an empty file, in whose place the whole one comes.
    closeSync(openSync(to, 'wx', PRIVATE_FILE));
    renameSync(from, to);
  }
  sync(dirname(to));
}

/** Whether {@link placeDurably} found another file. */
export const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

/** Writes a file that appears complete or not at all. */
export function writeDurably(path: string, content: Uint8Array): void {
  const part = partOf(path);
  writeFileSync(part, content, { flag: 'wx', mode: PRIVATE_FILE });
  renameDurably(part, path);
}

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

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

/** Writes a file that appears complete or not at all. */
export function writeDurably(path: string, content: Uint8Array): void {
  const part = partOf(path);
  writeFileSync(part, content, { flag: 'wx' });
  renameDurably(part, path);
}

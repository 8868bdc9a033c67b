import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { Bundle } from './bundle.ts';
import { hashFile } from './hash-files.ts';
import type { FileDigest } from './hashed-file.ts';

/**
 * Compares every file of a bundle with the manifest, sizes first. Throws `unprocessable` bundle_damaged
 * naming the file.
 */
export async function verifyBundle({ directory, manifest }: Bundle): Promise<void> {
  const files = Object.entries(manifest.files);
  for (const [name, { bytes }] of files) {
    const size = (await stat(join(directory, name)).catch(() => null))?.size;
    if (size !== bytes) throw damaged(name, { bytes }, size === undefined ? 'no such file' : { bytes: size });
  }
  for (const [name, { sha256 }] of files) {
    const given = await hashFile(join(directory, name));
    if (given.sha256 !== sha256) throw damaged(name, { sha256 }, { sha256: given.sha256 });
  }
}

function damaged(
  name: string,
  expected: Partial<FileDigest>,
  given: Partial<FileDigest> | string,
): DomainError {
  return new DomainError(
    'unprocessable',
    'bundle_damaged',
    `${name} is not what the bundle's manifest says: import the model again.`,
    { param: name, expected, given },
  );
}

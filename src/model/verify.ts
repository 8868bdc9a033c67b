import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { Bundle } from './bundle.ts';
import { hashFile } from './hash-files.ts';
import type { FileDigest } from './hashed-file.ts';

/** Compares every file of a bundle with the manifest. Throws `unprocessable` bundle_damaged naming the file. */
export async function verifyBundle({ directory, manifest }: Bundle): Promise<void> {
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    const given = await sha256Of(join(directory, name));
    if (given !== sha256) throw damaged(name, sha256, given);
  }
}

/** The quick part of {@link verifyBundle}: every file is there and has its size. */
export async function checkFileSizes({ directory, manifest }: Bundle): Promise<void> {
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    const size = (await stat(join(directory, name)).catch(() => null))?.size;
    if (size !== bytes) throw damaged(name, { bytes }, size === undefined ? 'no such file' : { bytes: size });
  }
}

/** SHA-256 of a file, or in words why there is none. */
export async function sha256Of(path: string): Promise<string> {
  try {
    return (await hashFile(path)).sha256;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'no such file' : `not readable: ${code}`;
  }
}

function damaged(
  name: string,
  expected: Partial<FileDigest> | string,
  given: Partial<FileDigest> | string,
): DomainError {
  return new DomainError(
    'unprocessable',
    'bundle_damaged',
    `${name} is not what the bundle's manifest says: import the model again.`,
    { param: name, expected, given },
  );
}

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { Bundle } from './bundle.ts';
import { hashFile } from './hash-files.ts';
import type { FileDigest } from './hashed-file.ts';

/** Compares every file of a bundle with the manifest. Throws `unprocessable` bundle_damaged naming the file. */
export async function verifyBundle(bundle: Bundle): Promise<void> {
  await checkFileSizes(bundle);
  for (const [name, { sha256 }] of Object.entries(bundle.manifest.files)) {
    const given = await hashFile(join(bundle.directory, name));
    if (given.sha256 !== sha256) throw damaged(name, { sha256 }, { sha256: given.sha256 });
  }
}

/** The quick part of {@link verifyBundle}: every file is there and has its size. */
export async function checkFileSizes({ directory, manifest }: Bundle): Promise<void> {
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    const size = (await stat(join(directory, name)).catch(() => null))?.size;
    if (size !== bytes) throw damaged(name, { bytes }, size === undefined ? 'no such file' : { bytes: size });
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

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileDigest } from './hashed-file.ts';

const CHUNK_BYTES = 1 << 20;

/** Size and SHA-256 of a file, read once. `onRead` gets the bytes of each chunk; it throws to stop. */
export async function hashFile(
  path: string,
  onRead: (bytes: number) => void = () => {},
): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const part = chunk as Buffer;
    hash.update(part);
    bytes += part.length;
    onRead(part.length);
  }
  return { bytes, sha256: hash.digest('hex') };
}

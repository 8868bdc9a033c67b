import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** The hash that the Hub announces for a file: SHA-256 of an LFS file, Git's blob SHA-1 of a small one. */
export interface AnnouncedHash {
  readonly algorithm: 'sha256' | 'git-sha1';
  readonly hex: string;
}

/** Reads an `X-Linked-Etag` or `ETag` value; null when it is no content hash. */
export function parseHashEtag(etag: string | null): AnnouncedHash | null {
  const hex = /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(etag?.trim() ?? '')?.[1];
  if (hex === undefined) return null;
  return { algorithm: hex.length === 64 ? 'sha256' : 'git-sha1', hex };
}

/** Streams a file through a hash; lower-case hex. `git-sha1` hashes Git's blob header first. */
export async function hashFile(path: string, algorithm: AnnouncedHash['algorithm']): Promise<string> {
  const hash = createHash(algorithm === 'sha256' ? 'sha256' : 'sha1');
  if (algorithm === 'git-sha1') hash.update(`blob ${(await stat(path)).size}\0`);
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}

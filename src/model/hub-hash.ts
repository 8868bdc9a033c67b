import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { hashFile } from './hash-files.ts';

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

/** The hash of a file, lower-case hex. Git puts a header in front of a blob's content. */
export async function hashAs(algorithm: AnnouncedHash['algorithm'], path: string): Promise<string> {
  if (algorithm === 'sha256') return (await hashFile(path)).sha256;
  const hash = createHash('sha1').update(`blob ${(await stat(path)).size}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

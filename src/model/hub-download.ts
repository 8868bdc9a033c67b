import { open, rename, rm, stat } from 'node:fs/promises';
import { DomainError } from '../domain/errors.ts';
import { writeError } from './disk-full.ts';
import { type AnnouncedHash, hashAs, parseHashEtag } from './hub-hash.ts';
import { HUB_DEFAULTS, type HubClientOptions, hubUnavailable, request, Watchdog } from './hub-request.ts';
import { HttpStatusError, retry } from './hub-retry.ts';

/** What the Hub says about a file before it is downloaded. */
interface Announcement {
  readonly hash: AnnouncedHash;
  /** Bytes; null when not announced. */
  readonly size: number | null;
}

/** Only small text files come without a length. */
const MAX_UNANNOUNCED_BYTES = 16 * 2 ** 20;

/**
 * Downloads one file of the Hub to `target` and checks it against the hash that the Hub announces for it
 * (`X-Linked-Etag` of LFS files, `ETag` of others, taken from the Hub's own answers and never from the store
 * that it redirects to). An interrupted download goes on where it stopped: the bytes lie in
 * `<target>.<hash>.part`, so the part of another content is never continued.
 * Throws `unavailable` hub_unavailable, `unprocessable` hub_hash_missing or hub_hash_mismatch, `storage_full` disk_full,
 * or the file system's error; a file with another hash is deleted.
 */
export async function downloadFile(
  url: URL,
  target: string,
  options: HubClientOptions,
  onBytes: (done: number, total: number | null) => void = () => {},
): Promise<void> {
  const announced = await retry(url, options, () => announce(url, options));
  if ((await sizeOf(target)) > 0 && (await hashAs(announced.hash.algorithm, target)) === announced.hash.hex) {
    onBytes(announced.size ?? 0, announced.size);
    return;
  }
  const part = `${target}.${announced.hash.hex}.part`;
  await retry(
    url,
    options,
    () => append(url, part, announced, options, onBytes),
    () => sizeOf(part),
  );
  const given = await hashAs(announced.hash.algorithm, part);
  if (given !== announced.hash.hex) {
    await rm(part, { force: true });
    throw new DomainError(
      'unprocessable',
      'hub_hash_mismatch',
      `${url.href} has another ${announced.hash.algorithm} than the Hub announces; the file was deleted.`,
      { param: 'model', expected: announced.hash.hex, given },
    );
  }
  await rename(part, target);
}

async function announce(url: URL, options: HubClientOptions): Promise<Announcement> {
  const watchdog = new Watchdog(options.stallTimeoutMs ?? HUB_DEFAULTS.stallTimeoutMs, options.signal);
  try {
    const response = await request(url, {
      method: 'HEAD',
      signal: watchdog.signal,
      // The Hub's own redirects are followed until one answer carries the hash.
      follow: (answer, next) => !answer.headers.has('x-linked-etag') && next.origin === url.origin,
    });
    if (response.status >= 400) throw await HttpStatusError.of(response);
    const { headers } = response;
    const hash = parseHashEtag(headers.get('x-linked-etag') ?? (response.ok ? headers.get('etag') : null));
    if (hash === null) {
      throw new DomainError(
        'unprocessable',
        'hub_hash_missing',
        `The Hub announces no hash for ${url.href}.`,
        {
          param: 'model',
          expected: 'X-Linked-Etag with a SHA-256, or ETag with a Git blob SHA-1',
          given: headers.get('x-linked-etag') ?? headers.get('etag') ?? 'neither',
        },
      );
    }
    const size = headers.get('x-linked-size') ?? (response.ok ? headers.get('content-length') : null);
    return { hash, size: size === null ? null : Number(size) };
  } finally {
    watchdog.stop();
  }
}

/** One try to bring the part file to its full size. */
async function append(
  url: URL,
  part: string,
  { size }: Announcement,
  options: HubClientOptions,
  onBytes: (done: number, total: number | null) => void,
): Promise<void> {
  let done = await sizeOf(part);
  if (size !== null && done === size) return;
  if (size !== null && done > size) {
    await rm(part);
    done = 0;
  }
  const watchdog = new Watchdog(options.stallTimeoutMs ?? HUB_DEFAULTS.stallTimeoutMs, options.signal);
  const file = await open(part, 'a');
  try {
    const response = await request(url, {
      method: 'GET',
      signal: watchdog.signal,
      ...(done > 0 && { headers: { range: `bytes=${done}-` } }),
    });
    if (response.status === 416) await file.truncate(0);
    if (!response.ok || response.body === null) throw await HttpStatusError.of(response);
    // Anything but the range that was asked for is a new start.
    if (done > 0 && rangeStart(response) !== done) {
      if (response.status === 206) throw new Error('the answer is another range than was asked for');
      await file.truncate(0);
      done = 0;
    }
    const limit = size ?? MAX_UNANNOUNCED_BYTES;
    onBytes(done, size);
    for await (const chunk of response.body) {
      watchdog.touch();
      done += chunk.length;
      if (done > limit) {
        await file.truncate(0);
        throw hubUnavailable(url.href, `sends more than the ${limit} bytes that are expected`);
      }
      await file.write(chunk).catch((cause) => {
        throw writeError(cause, part);
      });
      onBytes(done, size);
    }
    if (size !== null && done < size) throw new Error(`the answer ends after ${done} of ${size} bytes`);
    await file.sync().catch((cause) => {
      throw writeError(cause, part);
    });
  } finally {
    watchdog.stop();
    await file.close();
  }
}

function rangeStart(response: Response): number | null {
  const match = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  return response.status === 206 && match ? Number(match[1]) : null;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../../domain/errors.ts';
import { PRIVATE_DIRECTORY, PRIVATE_FILE } from '../private.ts';

/** What no one knows but is younger may be an upload that another server on this store receives now. */
const ABANDONED_MS = 3_600_000;

/** System errors that say that the disk, not the request, is at fault. */
const DISK_FAULTS: ReadonlySet<unknown> = new Set([
  'EIO',
  'EROFS',
  'EACCES',
  'EPERM',
  'EFBIG',
  'ENXIO',
  'ENODEV',
]);

/** A content that was received but is not kept yet. */
export interface Received {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Files of a directory, each named after the SHA-256 of its content. */
export class Contents {
  private readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Opens the directory, and {@link sweep}s it. */
  static async open(directory: string, known: readonly string[]): Promise<Contents> {
    await mkdir(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
    const contents = new Contents(directory);
    await contents.sweep(known);
    return contents;
  }

  /** Removes what no one knows: parts of uploads that a crash has cut, contents whose row could not be written. */
  async sweep(known: readonly string[]): Promise<void> {
    const kept = new Set(known);
    for (const name of await readdir(this.directory)) {
      if (!kept.has(name)) await removeAbandoned(join(this.directory, name));
    }
  }

  path(sha256: string): string {
    return join(this.directory, sha256);
  }

  async has(sha256: string): Promise<boolean> {
    return stat(this.path(sha256)).then(
      () => true,
      () => false,
    );
  }

  /** Writes a stream to a temporary file. Rejects with `too_large` file_too_large and `storage_full`. */
  async receive(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Received> {
    const path = join(this.directory, `.part-${randomBytes(8).toString('hex')}`);
    const hash = createHash('sha256');
    let bytes = 0;
    async function* measured(): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        bytes += chunk.length;
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        hash.update(chunk);
        yield chunk;
      }
    }
    try {
      await pipeline(measured, createWriteStream(path, { flags: 'wx', mode: PRIVATE_FILE }));
    } catch (error) {
      await this.discard(path);
      throw translate(error);
    }
    return { path, sha256: hash.digest('hex'), bytes };
  }

  /** Makes a received content durable under its hash. */
  async keep({ path, sha256 }: Received): Promise<void> {
    try {
      await synced(path);
      await rename(path, this.path(sha256));
      await synced(this.directory);
    } catch (error) {
      throw translate(error);
    }
  }

  /** What cannot be removed now, because the disk fails, is abandoned and goes later. */
  async discard(path: string): Promise<void> {
    await rm(path, { force: true }).catch(() => undefined);
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.path(sha256), { force: true });
  }
}

async function removeAbandoned(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found !== null && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
}

async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function tooLarge(maxBytes: number): DomainError {
  return new DomainError('too_large', 'file_too_large', `A file may have at most ${maxBytes} bytes.`, {
    param: 'file',
    expected: `at most ${maxBytes} bytes`,
    given: 'more',
  });
}

/** What the disk says, as a refusal. Other errors pass. */
function translate(error: unknown): unknown {
  const { code } = Object(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DomainError('storage_full', 'storage_full', 'The disk has no room left.', { cause: error });
  }
  if (!DISK_FAULTS.has(code)) return error;
  const message = `The disk of the training files failed: ${code}.`;
  return new DomainError('unavailable', 'storage_io_error', message, { retryAfter: 10, cause: error });
}

import { open } from 'node:fs/promises';
import { DomainError } from '../domain/errors.ts';
import type { KeyRing } from '../domain/principal.ts';
import { parseEntries, splitEntries, splitLines } from './entries.ts';
import { createKeyRing } from './key-ring.ts';

/** Bytes of a file of keys. */
const MAX_FILE_BYTES = 4 * 2 ** 20;
/** Time between two looks at the file. */
const LOOK_MS = 1000;

export interface KeySources {
  /** Entries with white space or `;` between; null: none. */
  readonly entries: string | null;
  /** Path of a file with one entry a line; null: none. */
  readonly file: string | null;
  readonly log: { info(fields: object, text: string): void; error(fields: object, text: string): void };
  readonly lookMs?: number;
}

export interface OpenKeys {
  /** Null: there are no keys, and anyone may do everything. */
  readonly ring: KeyRing | null;
  close(): void;
}

/**
 * Reads the keys, and the file again whenever its content changes; a file that is then wrong leaves the keys as they are.
 * Rejects with `invalid` api_keys_unreadable and as {@link parseEntries} does when the keys are wrong at the start.
 */
export async function openKeys({ entries, file, log, lookMs = LOOK_MS }: KeySources): Promise<OpenKeys> {
  if (entries === null && file === null) return { ring: null, close: () => undefined };
  const ringOf = (text: string | null): KeyRing => {
    const placed = [...splitEntries(entries ?? ''), ...splitLines(text ?? '')];
    return createKeyRing(parseEntries(placed, file === null ? '--api-keys' : '--api-keys-file'));
  };
  let content = file === null ? null : await readKeys(file);
  let ring = ringOf(content);
  /** What the last look met, so that a lasting fault is said once. */
  let said: string | null = null;
  const look = async (path: string): Promise<void> => {
    try {
      const now = await readKeys(path);
      if (now !== content) {
        content = now;
        ring = ringOf(now);
        log.info({ file: path }, 'the API keys were read again');
      }
      said = null;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (text !== said) log.error({ file: path, reason: text }, 'the API keys stay as they were');
      said = text;
    }
  };
  const timer = file === null ? undefined : setInterval(() => void look(file), lookMs).unref();
  return { ring: { find: (secret) => ring.find(secret) }, close: () => clearInterval(timer) };
}

async function readKeys(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, at most ${MAX_FILE_BYTES} are read`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError('invalid', 'api_keys_unreadable', `The API keys cannot be read: ${reason}`, {
      param: '--api-keys-file',
      expected: 'a file with one entry a line',
      given: path,
      cause,
    });
  }
}

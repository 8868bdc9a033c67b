import { DomainError } from '../domain/errors.ts';

/** What a failed write to `path` is: `storage_full` disk_full when there was no room, else the error itself. */
export function writeError(cause: unknown, path: string): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return cause;
  return diskFull(path, cause);
}

export function diskFull(path: string, cause?: unknown): DomainError {
  return new DomainError('storage_full', 'disk_full', `The disk became full while ${path} was written.`, {
    cause,
  });
}

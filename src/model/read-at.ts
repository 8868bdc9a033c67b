import { type FileHandle, open } from 'node:fs/promises';
import { unsupportedModel } from './fields.ts';

/** Exactly `bytes` bytes from `offset`. Throws `unprocessable` truncated_file; `what` names the tensor or file. */
export async function readAt(
  file: FileHandle,
  offset: number,
  bytes: number,
  what: string,
): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, offset + filled);
    if (bytesRead === 0) {
      throw unsupportedModel('truncated_file', what, `The file ends inside ${what}.`, {
        expected: bytes,
        given: filled,
      });
    }
    filled += bytesRead;
  }
  return buffer;
}

/** A whole small file. Throws `unprocessable` missing_file, file_too_large. */
export async function readSmallFile(path: string, name: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openSource(path, name);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) {
      throw unsupportedModel('file_too_large', name, `${name} has ${size} bytes, the limit is ${maxBytes}.`, {
        expected: maxBytes,
        given: size,
      });
    }
    return await readAt(file, 0, size, name);
  } finally {
    await file.close();
  }
}

/** Opens a file of the source for reading. Throws `unprocessable` missing_file naming it. */
export async function openSource(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (cause) {
    throw unsupportedModel('missing_file', name, `${name} cannot be opened: ${(cause as Error).message}.`, {
      given: path,
      cause,
    });
  }
}

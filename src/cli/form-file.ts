import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** Adds a file under its own name. Rejects with the file system's error when it cannot be read. */
export async function appendFile(form: FormData, name: string, path: string): Promise<void> {
  form.append(name, new Blob([new Uint8Array(await readFile(path))]), basename(path));
}

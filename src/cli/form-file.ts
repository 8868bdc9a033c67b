import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ServerClient } from './client.ts';

/** Adds a file under its own name. Rejects with the file system's error when it cannot be read. */
export async function appendFile(form: FormData, name: string, path: string): Promise<void> {
  form.append(name, new Blob([new Uint8Array(await readFile(path))]), basename(path));
}

/** Uploads a file of labelled rows; its id. */
export async function uploadRows(client: ServerClient, path: string, signal: AbortSignal): Promise<string> {
  const form = new FormData();
  form.append('purpose', 'fine-tune');
  await appendFile(form, 'file', path);
  return (await client.call<{ readonly id: string }>('POST', '/v1/files', { body: form, signal })).id;
}

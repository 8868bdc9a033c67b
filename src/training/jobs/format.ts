import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import type { DatasetFormat } from '../dataset/dataset.ts';

/** How a file is read: by its name, else by its media type, else by its first character. */
export async function formatOf(filename: string, mediaType: string, path: string): Promise<DatasetFormat> {
  const extension = extname(filename).toLowerCase();
  if (extension === '.csv' || mediaType === 'text/csv') return 'csv';
  if (extension === '.jsonl' || extension === '.ndjson' || extension === '.json') return 'jsonl';
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    const start = buffer.toString('utf8', 0, bytesRead).trimStart();
    return start === '' || start.startsWith('{') ? 'jsonl' : 'csv';
  } finally {
    await file.close();
  }
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** All *.test.ts below a directory, at any depth, in order. */
export function findTests(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join(directory, path))
    .sort();
}

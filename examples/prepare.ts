import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DRAW_SEED, DRAWS, type Draw } from './draws.ts';
import { splitRows } from './rows.ts';

const [name = '', packageDirectory, out] = process.argv.slice(2);
const example = (DRAWS as Readonly<Record<string, Draw>>)[name];
if (example === undefined || packageDirectory === undefined || out === undefined) {
  const names = Object.keys(DRAWS).join('|');
  process.stderr.write(`usage: tsx examples/prepare.ts ${names} PACKAGE_DIRECTORY OUT_DIRECTORY\n`);
  process.exit(2);
}
const parts = splitRows(await example.rows(packageDirectory), example.sizes, DRAW_SEED);
await mkdir(out, { recursive: true });
for (const [part, rows] of Object.entries(parts)) {
  const lines = rows.map(({ text, label }) => JSON.stringify({ text, label }));
  await writeFile(join(out, `${part}.jsonl`), `${lines.join('\n')}\n`);
  process.stdout.write(`${part}: ${rows.length} rows\n`);
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { intentRows } from './intent/data.ts';
import { type PartSizes, type RowSource, splitRows } from './rows.ts';
import { sentimentRows } from './sentiment/data.ts';
import { spamRows } from './spam/data.ts';

const EXAMPLES: Readonly<Record<string, { readonly rows: RowSource; readonly sizes: PartSizes }>> = {
  intent: { rows: intentRows, sizes: { train: 1600, validation: 80, test: 240 } },
  sentiment: { rows: sentimentRows, sizes: { train: 2000, validation: 200, test: 600 } },
  spam: { rows: spamRows, sizes: { train: 2000, validation: 200, test: 600 } },
};
const SEED = 7;

const [name = '', packageDirectory, out] = process.argv.slice(2);
const example = EXAMPLES[name];
if (example === undefined || packageDirectory === undefined || out === undefined) {
  const names = Object.keys(EXAMPLES).join('|');
  process.stderr.write(`usage: tsx examples/prepare.ts ${names} PACKAGE_DIRECTORY OUT_DIRECTORY\n`);
  process.exit(2);
}
const parts = splitRows(await example.rows(packageDirectory), example.sizes, SEED);
await mkdir(out, { recursive: true });
for (const [part, rows] of Object.entries(parts)) {
  const lines = rows.map(({ text, label }) => JSON.stringify({ text, label }));
  await writeFile(join(out, `${part}.jsonl`), `${lines.join('\n')}\n`);
  process.stdout.write(`${part}: ${rows.length} rows\n`);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExampleRow, RowSource } from '../../rows.ts';

/** What the corpus of the embedded model calls its sources, and what kind of text each is. */
const LABELS: Readonly<Record<string, string>> = {
  addresses: ' address',
  'novel of Melville': ' novel',
  'novels of Austen': ' novel',
  mails: ' mail',
  scripture: ' scripture',
};
/** The parts of the corpus that the model has not read. */
const PARTS = ['validation', 'test'];
/** Words of a passage. */
const WORDS = 30;
/** Passages in a row that are in one part of the draw: an address is too long to be in one as a whole. */
const GROUP = 10;

/** Passages of the corpus that `models/embedded/corpus.py` writes, from documents that the model has not read. */
export const styleRows: RowSource = async (directory) => {
  const rows: ExampleRow[] = [];
  for (const part of PARTS) {
    const lines = (await readFile(join(directory, `${part}.jsonl`), 'utf8')).split('\n');
    for (const [i, line] of lines.entries()) {
      if (line === '') continue;
      const { source, text } = JSON.parse(line) as { readonly source: string; readonly text: string };
      const label = LABELS[source];
      if (label === undefined) continue;
      for (const [j, passage] of passagesOf(text).entries()) {
        rows.push({ text: passage, label, group: `${part} ${i} ${Math.floor(j / GROUP)}` });
      }
    }
  }
  return rows;
};

/** Pieces of {@link WORDS} words, one after the other, without what is left over. */
function passagesOf(text: string): readonly string[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const count = Math.floor(words.length / WORDS);
  return Array.from({ length: count }, (_, i) => words.slice(i * WORDS, (i + 1) * WORDS).join(' '));
}

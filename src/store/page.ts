import { PageItems } from '../domain/page.ts';
import type { Page } from '../domain/store.ts';

/**
 * Reads the rows of a page, and one more to know whether another page follows.
 * @param rows of a statement; no more are read than the page needs
 * @param cursor of the last item, with which the next page is asked for
 */
export function readPage<Row extends object, T>(
  rows: Iterable<Row>,
  limit: number,
  convert: (row: Row) => T,
  cursor: (item: T) => string,
): Page<T> {
  const page = new PageItems<T>(limit);
  for (const row of rows) {
    if (!page.add(convert(row), charactersOf(row)))
      return { items: page.items, next: cursor(page.items.at(-1)!) };
  }
  return { items: page.items, next: null };
}

function charactersOf(row: object): number {
  let sum = 0;
  for (const value of Object.values(row)) if (typeof value === 'string') sum += value.length;
  return sum;
}

import { strictJson } from './strict-json.ts';

/** Cells of a CSV file by RFC 4180; the first line break outside quotes is the one of the file. */
export function strictCsv(bytes: Buffer): string[][] {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const records: string[][] = [];
  let [record, cell, quoted, closed, at, lineBreak]: [string[], string, boolean, boolean, number, string] = [
    [],
    '',
    false,
    false,
    0,
    '',
  ];
  const endCell = (): void => {
    record.push(cell);
    cell = '';
    closed = false;
  };
  while (at < text.length) {
    const char = text[at]!;
    if (quoted && char === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 2;
      continue;
    }
    lineBreak ||= quoted ? '' : (/^(\r\n|\n|\r)/.exec(text.slice(at, at + 2))?.[0] ?? '');
    if (quoted && char === '"') [quoted, closed] = [false, true];
    else if (quoted) cell += char;
    else if (char === '"' && cell === '' && !closed) quoted = true;
    else if (char === ',') endCell();
    else if (lineBreak !== '' && text.startsWith(lineBreak, at)) {
      endCell();
      records.push(record);
      record = [];
      at += lineBreak.length;
      continue;
    } else if (closed || char === '"') throw new Error(`a quote in the middle, before ${at}`);
    else cell += char;
    at++;
  }
  if (quoted) throw new Error('a quote that does not end');
  if (cell !== '' || closed || record.length > 0) {
    endCell();
    records.push(record);
  }
  return records.filter((cells) => cells.length > 1 || cells[0] !== '');
}

/** Objects of strings, one a line. */
export function strictLines(bytes: Buffer): Readonly<Record<string, unknown>>[] {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  return text
    .split('\n')
    .filter((line) => !/^[ \t\r]*$/.test(line))
    .map((line) => strictJson(Buffer.from(line)) as Readonly<Record<string, unknown>>);
}

/** The records of a CSV or TSV text (RFC 4180); blank lines are left out. Throws on a quote that does not end. */
export function parseSeparated(text: string, separator: ',' | '\t'): readonly (readonly string[])[] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const [value, end] = text[at] === '"' ? quoted(text, at) : plain(text, at, separator);
    record.push(value);
    at = end + 1;
    if (text[end] === separator) continue;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
    if (text[end] === '\r' && text[end + 1] === '\n') at++;
  }
  return records;
}

function plain(text: string, start: number, separator: string): readonly [value: string, end: number] {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++;
  return [text.slice(start, end), end];
}

function quoted(text: string, start: number): readonly [value: string, end: number] {
  let value = '';
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0)
      throw new Error(`The quote on line ${text.slice(0, start).split('\n').length} does not end.`);
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return [value, quote + 1];
    value += '"';
    at = quote + 2;
  }
}

/** A record as RFC 4180 writes it. */
export const csvRecord = (values: readonly (string | number)[]): string =>
  values
    .map((value) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value))
    .join(',');

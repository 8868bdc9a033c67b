import { Readable } from 'node:stream';
import { CsvError, type Info, parse } from 'csv-parse';
import type { DatasetLimits } from './limits.ts';
import type { Problems } from './problems.ts';
import type { RawRow } from './rows.ts';

/** Characters that the parser gets at once: it reads all of them before a fault can end the reading. */
const PIECE = 4096;

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: Info;
}

/**
 * RFC 4180 with a header line. Broken quotes end the reading, as no later row can be trusted; rows with another
 * number of fields than the header do not.
 */
export async function* readCsv(
  source: AsyncIterable<Uint8Array>,
  limits: DatasetLimits,
  problems: Problems,
): AsyncGenerator<RawRow> {
  let parsed = 0;
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: limits.maxRowBytes,
    on_record: (record) => {
      parsed++;
      // The parser's first record says how many fields the others should have. It makes an error of each that has not, with
      // copies of its fields and a stack, and drops it; that costs more than reading the row. So each is its first.
      (parser.info as { records: number }).records = 0;
      return record;
    },
  });
  // Errors of the source reach the loop through the parser.
  const input = Readable.from(decoded(source));
  input.on('error', (error) => parser.destroy(error));
  input.pipe(parser);
  let header: readonly string[] | null = null;
  let row = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      if (header === null) {
        const names = new Set<string>();
        // One pass: a header may have as many columns as fit into a row.
        const twice = record.find((name) => names.size === names.add(name).size);
        if (twice !== undefined) {
          const message = `the column ${JSON.stringify(twice.slice(0, 40))} comes twice`;
          problems.add({ row: 1, line: info.lines, code: 'duplicate_column', message });
          return;
        }
        header = record;
        continue;
      }
      row++;
      if (record.length !== header.length) {
        const message = `expected ${header.length} fields as in the header, given ${record.length}`;
        problems.add({ row, line: info.lines, code: 'wrong_field_count', message });
        continue;
      }
      yield { row, line: info.lines, fields: new Map(header.map((name, i) => [name, record[i]])) };
    }
  } catch (error) {
    if (error instanceof CsvError) {
      const { lines } = error as unknown as Info;
      const message = error.message.slice(0, 200);
      // Records before the fault, the header among them; the stream may not have delivered them all.
      problems.add({ row: Math.max(1, parsed), line: lines, code: 'invalid_csv', message });
    } else if (error instanceof Nul) {
      const message = 'the character U+0000 is in no text of a CSV file';
      problems.add({ row: row + 1, line: error.line, code: 'invalid_csv', message });
    } else if (error instanceof NotUtf8) {
      problems.add({ row: row + 1, line: error.line, code: 'invalid_utf8', message: 'expected UTF-8' });
    } else throw error;
  } finally {
    input.destroy();
  }
}

class NotUtf8 extends Error {
  readonly line: number;

  constructor(line: number) {
    super('not UTF-8');
    this.line = line;
  }
}

/** The parser takes it for the end behind a closing quote. */
class Nul extends Error {
  readonly line: number;

  constructor(line: number) {
    super('U+0000');
    this.line = line;
  }
}

async function* decoded(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new NotUtf8(line);
    }
  };
  for await (const chunk of source) {
    const text = decode(chunk);
    const nul = text.indexOf('\0');
    if (nul >= 0) throw new Nul(line + text.slice(0, nul).split('\n').length - 1);
    for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
    line += text.split('\n').length - 1;
  }
  yield decode();
}

import type { DatasetLimits } from './limits.ts';
import type { Problems } from './problems.ts';
import type { RawRow } from './rows.ts';

const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** One JSON object a line; empty lines are skipped. A line that is none is a problem, not an end. */
export async function* readJsonLines(
  source: AsyncIterable<Uint8Array>,
  limits: DatasetLimits,
  problems: Problems,
): AsyncGenerator<RawRow> {
  let [row, line] = [0, 0];
  for await (const bytes of lines(source, limits.maxRowBytes)) {
    line++;
    const fault = (code: string, message: string): void => problems.add({ row: ++row, line, code, message });
    if (bytes === null) {
      fault('row_too_large', `expected a line of at most ${limits.maxRowBytes} bytes`);
      continue;
    }
    let value: unknown;
    try {
      const text = decoder.decode(bytes).trim();
      if (text === '') continue;
      value = JSON.parse(text);
    } catch (error) {
      const code = error instanceof SyntaxError ? 'invalid_json' : 'invalid_utf8';
      fault(code, code === 'invalid_json' ? `expected JSON: ${excerpt(error)}` : 'expected UTF-8');
      continue;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      fault('not_an_object', 'expected a JSON object');
      continue;
    }
    yield { row: ++row, line, fields: new Map(Object.entries(value)) };
  }
}

const excerpt = (error: unknown): string => (error as Error).message.slice(0, 200);

/** The lines without their ends; null for a line longer than `most`, which is never held. */
async function* lines(source: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array | null> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const take = (part: Uint8Array): void => {
    length += part.length;
    if (length <= most) parts.push(part);
    else parts = [];
  };
  const end = (): Uint8Array | null => {
    const line = length > most ? null : Buffer.concat(parts);
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of source) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, at));
      yield end();
      start = at + 1;
    }
    take(chunk.subarray(start));
  }
  if (length > 0) yield end();
}

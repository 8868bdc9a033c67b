import { isJsonObject, JsonError, type JsonValue, parseJson } from '../../formats/json.ts';
import type { DatasetLimits } from './limits.ts';
import type { Problems } from './problems.ts';
import type { RawRow } from './rows.ts';

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** Rows are flat; what is deeper is named by its field, within reason. */
const JSON_OPTIONS = { maxDepth: 32, numbers: 'any' } as const;

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
    const text = line === 1 ? withoutMark(bytes) : bytes;
    if (isBlank(text)) continue;
    let value: JsonValue;
    try {
      value = parseJson(text, JSON_OPTIONS);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      fault(...describe(error));
      continue;
    }
    if (isJsonObject(value)) yield { row: ++row, line, fields: value };
    else fault('not_an_object', 'expected a JSON object');
  }
}

const withoutMark = (bytes: Uint8Array): Uint8Array =>
  BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;

/** JSON's white space only: other spaces are no empty line but a fault. */
const isBlank = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

function describe({ fault, message }: JsonError): [code: string, message: string] {
  if (fault === 'invalid_utf8') return [fault, 'expected UTF-8'];
  return [fault === 'duplicate_key' ? fault : 'invalid_json', `expected JSON: ${message.slice(0, 200)}`];
}

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

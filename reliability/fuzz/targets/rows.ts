import { DomainError } from '../../../src/domain/errors.ts';
import { type Dataset, readDataset } from '../../../src/training/dataset/dataset.ts';
import { FIELDS } from '../../../src/training/dataset/rows.ts';
import { blowUp } from '../mutate/blow-up.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';
import { pick, range } from '../mutate/pick.ts';
import { strictCsv, strictLines } from '../oracles/strict-rows.ts';
import type { Input, Outcome, Target } from '../target.ts';

const JSONL = '{"text":"good","label":"a"}\n{"text":"bad \\u00e9","label":"b"}\n';
const COMPLETIONS = '{"prompt":"one","completion":" two"}\r\n\n{"prompt":"three","completion":" four"}';
const CSV = 'text,label\ngood,a\n"bad, or ""worse""\nthan that",b\n';

const WORDS = ['"text"', '"label"', '"prompt"', '"completion"', '"a"', '"b"'];
const PIECES = [
  ',',
  '"',
  '""',
  '\n',
  '\r\n',
  '\r',
  '"a"',
  'text',
  'label',
  '\ufeff',
  ' ',
  '\0',
  ',,',
  '\n\n',
];
const RARE = 1 / 2000;
/** What a socket gives at once; behind it others get their turn. */
const PIECE_BYTES = 64 * 1024;
const CHUNK_BYTES = 7;

/** Files of labelled rows, in one piece and in small ones, so that characters and line breaks are torn. */
export const rows: Target = {
  seeds: ['', '-torn'].flatMap((how) => [
    { context: `jsonl${how}`, bytes: Buffer.from(JSONL) },
    { context: `jsonl${how}`, bytes: Buffer.from(COMPLETIONS) },
    { context: `csv${how}`, bytes: Buffer.from(CSV) },
  ]),
  mutate({ context, bytes }, random) {
    if (random() < RARE) return blowUp(bytes, random, random() * PIECE_BYTES);
    if (random() < 0.3) return mutateBytes(bytes, random);
    if (context.startsWith('jsonl')) return mutateJson(bytes, random, WORDS);
    const [start, end] = range(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, start), Buffer.from(pick(random, PIECES)), bytes.subarray(end)]);
  },
  run: async ({ context, bytes }: Input): Promise<Outcome> => {
    const [format, how] = context.split('-') as ['jsonl' | 'csv', string?];
    try {
      const dataset = await readDataset(pieces(bytes, how === undefined ? bytes.length : CHUNK_BYTES), {
        format,
      });
      return {
        kind: 'accepted',
        shape: `${format} ${dataset.kind}`,
        fault: rowsFault(bytes, format, dataset),
      };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const problems = error.code === 'dataset_invalid' ? (error.given as readonly { code: string }[]) : [];
      return { kind: 'refused', code: `${format} ${problems[0]?.code ?? error.code}` };
    }
  },
};

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  // A piece of a large mutant is larger, else reading it would only measure the pieces.
  const step = Math.max(1, size, Math.floor(bytes.length / 256));
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

function rowsFault(bytes: Buffer, format: 'jsonl' | 'csv', { kind, rows: read }: Dataset): string | null {
  try {
    const [input, target] = FIELDS[kind];
    const expected = format === 'csv' ? csvObjects(bytes) : strictLines(bytes);
    const wanted = JSON.stringify(expected.map((row) => [row[input], row[target], Object.keys(row).length]));
    const given = JSON.stringify(read.map((row) => [row.input, row.target, 2]));
    return wanted === given ? null : `read as ${given.slice(0, 200)}, not ${wanted.slice(0, 200)}`;
  } catch (error) {
    return String(error);
  }
}

function csvObjects(bytes: Buffer): Readonly<Record<string, unknown>>[] {
  const [header = [], ...records] = strictCsv(bytes);
  return records.map((record) => {
    if (record.length !== header.length) throw new Error(`a row of ${record.length} fields`);
    return Object.fromEntries(header.map((name, i) => [name, record[i]]));
  });
}

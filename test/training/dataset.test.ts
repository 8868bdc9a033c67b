import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DomainError } from '../../src/domain/errors.ts';
import { type DatasetOptions, readDataset } from '../../src/training/dataset/dataset.ts';
import { DATASET_LIMITS } from '../../src/training/dataset/limits.ts';
import type { Problem } from '../../src/training/dataset/problems.ts';
import { type TokeniseOptions, tokeniseDataset } from '../../src/training/dataset/tokenise.ts';

/** The bytes in chunks of `size`, so that every boundary is met. */
async function* chunks(content: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = (content: string | Uint8Array, options: Partial<DatasetOptions> = {}) =>
  readDataset(chunks(content), { format: 'jsonl', ...options });

async function refusal(run: Promise<unknown>): Promise<DomainError> {
  return run.then(
    () => assert.fail('was accepted'),
    (error: DomainError) => error,
  );
}

/** [row, line, code] of each problem. */
async function problems(content: string | Uint8Array, options: Partial<DatasetOptions> = {}) {
  const error = await refusal(read(content, options));
  assert.equal(error.code, 'dataset_invalid');
  return (error.given as Problem[]).map(({ row, line, code }) => [row, line, code]);
}

const GOOD = '{"text":"a 🙂","label":"x"}\n\n{"label":"y","text":"b"}\r\n{"text":"c","label":"x"}';

test('JSONL of text and label', async () => {
  for (const content of [GOOD, `\ufeff${GOOD}`, `${GOOD}\n`]) {
    assert.deepEqual(await read(content), {
      kind: 'classification',
      labels: ['x', 'y'],
      rows: [
        { row: 1, line: 1, input: 'a 🙂', target: 'x' },
        { row: 2, line: 3, input: 'b', target: 'y' },
        { row: 3, line: 4, input: 'c', target: 'x' },
      ],
    });
  }
});

test('JSONL of prompt and completion has no labels and may repeat itself', async () => {
  const { kind, labels, rows } = await read(
    '{"prompt":"a","completion":"x"}\n{"prompt":"b","completion":"x"}',
  );
  assert.deepEqual([kind, labels, rows.length], ['completion', [], 2]);
});

test('CSV with quotes, newlines in fields and columns in any order', async () => {
  const { rows, labels } = await read('label,text\r\nx,"a, ""b""\nc"\r\n\r\ny,d\r\n', { format: 'csv' });
  assert.deepEqual(labels, ['x', 'y']);
  assert.deepEqual(rows, [
    { row: 1, line: 3, input: 'a, "b"\nc', target: 'x' },
    { row: 2, line: 5, input: 'd', target: 'y' },
  ]);
});

test('every problem of a JSONL file is named with row and line', async () => {
  const file = [
    '{"text":"a","label":"x"}',
    '{"text":"a"}',
    '',
    '{"text":"a","label":""}',
    '{"text":1,"label":"x"}',
    'not json',
    '[1]',
    '{"text":"a","label":"x","extra":1}',
    '{"prompt":"a","completion":"x"}',
    '{"other":1}',
  ].join('\n');
  assert.deepEqual(await problems(file), [
    [2, 2, 'missing_label'],
    [3, 4, 'missing_label'],
    [4, 5, 'invalid_text'],
    [5, 6, 'invalid_json'],
    [6, 7, 'not_an_object'],
    [7, 8, 'unknown_field'],
    [8, 9, 'unknown_kind'],
    [9, 10, 'unknown_kind'],
  ]);
});

test('problems of a CSV file', async () => {
  const csv = { format: 'csv' } as const;
  assert.deepEqual(await problems('text,label\na,x\nb\nc,\n', csv), [
    [2, 3, 'wrong_field_count'],
    [3, 4, 'missing_label'],
  ]);
  assert.deepEqual(await problems('text,label\na,x\n"b,y\nc,x\n', csv), [[2, 4, 'invalid_csv']]);
  assert.deepEqual(await problems('text,label\na "b" c,x\n', csv), [[1, 2, 'invalid_csv']]);
  assert.deepEqual(await problems('text,label\na,x\n"b"\0,y\n', csv), [[1, 3, 'invalid_csv']]);
  assert.deepEqual(await problems('name,class\na,x\n', csv), [[1, 2, 'unknown_kind']]);
});

test('what readers understand in different ways is refused', async () => {
  const rest = '{"text":"b","label":"y"}';
  assert.deepEqual(await problems(`{"text":"a","text":"c","label":"x"}\n${rest}`), [[1, 1, 'duplicate_key']]);
  assert.deepEqual(await problems(`{"text":"a","label":"x\\ud800"}\n${rest}`), [[1, 1, 'invalid_json']]);
  assert.deepEqual(await problems(`${rest}\n\ufeff${rest}`), [[2, 2, 'invalid_json']]);
  assert.deepEqual(await problems('text,label,label\na,x,y\n', { format: 'csv' }), [
    [1, 1, 'duplicate_column'],
  ]);
});

test('a CSV header of as many columns as fit into a row is read in one pass', async () => {
  const header = Array.from({ length: 100_000 }, (_, i) => `c${i}`).join();
  const started = process.cpuUsage();
  await refusal(readDataset(chunks(header, 2 ** 16), { format: 'csv' }));
  const { user, system } = process.cpuUsage(started);
  assert.ok(user + system < 3_000_000, `took ${(user + system) / 1000} ms`); // in two loops it took a minute
});

test('labels are as long and as many as a task may have', async () => {
  const long = { text: 'a', label: 'x'.repeat(1025) };
  assert.deepEqual(await problems(`{"text":"b","label":"y"}\n${JSON.stringify(long)}`), [
    [2, 2, 'label_too_long'],
  ]);
  const rows = (count: number) =>
    Array.from({ length: count }, (_, i) => JSON.stringify({ text: 'a', label: `${i}` })).join('\n');
  assert.equal((await read(rows(1024))).labels.length, 1024);
  assert.equal((await refusal(read(rows(1025)))).code, 'too_many_labels');
  const long1024 = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      JSON.stringify({ text: 'a', label: `${i}`.padEnd(1024, '.') }),
    ).join('\n');
  assert.equal((await read(long1024(64))).labels.length, 64);
  const { code, given } = await refusal(read(long1024(65)));
  assert.deepEqual([code, given], ['labels_too_long', 65 * 1024]);
});

test('bytes that are no UTF-8 are a problem of their row', async () => {
  const bad = Buffer.from('{"text":"a\xff","label":"x"}\n', 'latin1');
  assert.deepEqual(await problems(bad), [[1, 1, 'invalid_utf8']]);
  const csv = Buffer.from('text,label\na,x\n\xff,y\n', 'latin1');
  const [[, , code]] = (await problems(csv, { format: 'csv' })) as [[number, number, string]];
  assert.equal(code, 'invalid_utf8');
});

test('empty files and a single class', async () => {
  for (const format of ['jsonl', 'csv'] as const) {
    assert.equal((await refusal(read('', { format }))).code, 'dataset_empty');
    assert.equal((await refusal(read('\n\n', { format }))).code, 'dataset_empty');
  }
  assert.equal((await refusal(read('text,label\n', { format: 'csv' }))).code, 'dataset_empty');
  assert.equal((await refusal(read('{"text":"a","label":"x"}\n{"text":"b","label":"x"}'))).code, 'one_class');
});

test('a validation set has the labels of the training set', async () => {
  const options = { labels: ['y', 'x'] };
  assert.deepEqual((await read('{"text":"a","label":"x"}', options)).labels, ['y', 'x']);
  assert.deepEqual(await problems('{"text":"a","label":"x"}\n{"text":"a","label":"z"}', options), [
    [2, 2, 'unknown_label'],
  ]);
});

test('a file of 1 GiB is refused after the bytes that are allowed', async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    const chunk = Buffer.from('{"text":"a","label":"x"}\n'.repeat(4096));
    for (; sent < 2 ** 30; sent += chunk.length) yield chunk;
  }
  const limits = { ...DATASET_LIMITS, maxBytes: 2 ** 20 };
  const error = await refusal(readDataset(endless(), { format: 'jsonl', limits }));
  assert.deepEqual([error.kind, error.code], ['too_large', 'dataset_too_large']);
  assert.ok(sent < 2 ** 21);
});

test('limits on rows, their size, and the problems that are listed', async () => {
  const limits = { ...DATASET_LIMITS, maxRows: 2, maxRowBytes: 100, maxProblems: 1 };
  assert.equal((await refusal(read(GOOD, { limits }))).code, 'dataset_too_large');
  const long = `{"text":"${'a'.repeat(200)}","label":"x"}\n{}`;
  const error = await refusal(read(long, { limits }));
  assert.deepEqual((error.given as Problem[]).length, 1);
  assert.match(error.message, /2 problems.*line 1/);
  const csv = await problems(`text,label\n${'a'.repeat(200)},x\n`, { limits, format: 'csv' });
  assert.equal(csv[0]![2], 'invalid_csv');
});

test('a file with a thousand problems is not read further', async () => {
  const wrong = { csv: 'one\n', jsonl: '[]\n' } as const;
  for (const format of ['csv', 'jsonl'] as const) {
    let given = 0;
    async function* source() {
      yield Buffer.from('text,label\na,x\n');
      for (; given < 1000; given++) yield Buffer.from(wrong[format].repeat(100));
    }
    const error = await refusal(readDataset(source(), { format }));
    assert.match(error.message, /has 1000 problems or more/);
    assert.ok(given < 50, `${given} pieces of ${format} were read`);
  }
});

/** One token a character; "?" has none. */
const OPTIONS: TokeniseOptions = {
  encodeInput: (text) => [0, ...Buffer.from(text)],
  encodeTarget: (text) => [...Buffer.from(text.toLowerCase().replaceAll('?', ''))],
  objective: 'choices',
  endToken: 1,
  promptLength: 2,
  contextLength: 7,
  outputLength: null,
  form: 'rows',
};

const dataset = (rows: readonly (readonly [string, string])[]) =>
  read(rows.map(([text, label]) => JSON.stringify({ text, label })).join('\n'));

test('rows become examples of the objective; those that are too long are listed, never cut', async () => {
  const data = await dataset([
    ['ab', 'x'],
    ['abcd', 'yy'],
    ['a', 'yy'],
  ]);
  assert.deepEqual(tokeniseDataset(data, OPTIONS), {
    examples: [
      { inputIds: [0, 97, 98], continuations: [[120], [121, 121]], target: 0 },
      { inputIds: [0, 97], continuations: [[120], [121, 121]], target: 1 },
    ],
    tooLong: [{ row: 2, line: 2, tokens: 9 }],
  });
  assert.deepEqual(tokeniseDataset(data, { ...OPTIONS, objective: 'tokens' }).examples, [
    { inputIds: [0, 97, 98], continuations: [[120, 1]], target: 0 },
    { inputIds: [0, 97], continuations: [[121, 121, 1]], target: 0 },
  ]);
});

test('behind an encoder input and target have a length each', async () => {
  const data = await dataset([
    ['abcd', 'yy'],
    ['abcde', 'yy'],
    ['a', 'yyyyyyy'],
    ['a', 'yyyyyyyy'],
  ]);
  const { examples, tooLong } = tokeniseDataset(data, {
    ...OPTIONS,
    objective: 'tokens',
    endToken: null,
    outputLength: 7,
  });
  assert.equal(examples.length, 2);
  assert.deepEqual(tooLong, [
    { row: 2, line: 2, tokens: 8 },
    { row: 4, line: 4, tokens: 8 },
  ]);
});

test('labels that cannot be told apart, and data that fits nowhere, are refused', async () => {
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return (error as DomainError).code;
    }
    return 'accepted';
  };
  const same = await dataset([
    ['a', 'x'],
    ['a', 'X'],
  ]);
  const none = await dataset([
    ['a', 'x'],
    ['a', '?'],
  ]);
  for (const objective of ['tokens', 'choices'] as const) {
    assert.equal(
      code(() => tokeniseDataset(same, { ...OPTIONS, objective })),
      'invalid_labels',
    );
    assert.equal(
      code(() => tokeniseDataset(none, { ...OPTIONS, objective })),
      'invalid_labels',
    );
  }
  const long = await dataset([
    ['abcdefgh', 'x'],
    ['abcdefgh', 'y'],
  ]);
  assert.equal(
    code(() => tokeniseDataset(long, OPTIONS)),
    'rows_too_long',
  );
  const short = await dataset([
    ['a', 'x'],
    ['b', 'y'],
  ]);
  const silent: TokeniseOptions = { ...OPTIONS, encodeInput: () => [] };
  assert.equal(
    code(() => tokeniseDataset(short, silent)),
    'accepted',
  );
  assert.equal(
    code(() => tokeniseDataset(short, { ...silent, form: 'keysValues' })),
    'empty_input',
  );
  const free = await read('{"prompt":"a","completion":"?"}');
  assert.equal(
    code(() => tokeniseDataset(free, OPTIONS)),
    'objective_needs_labels',
  );
  assert.equal(
    code(() => tokeniseDataset(free, { ...OPTIONS, objective: 'tokens' })),
    'empty_target',
  );
});

test('CSV rows with another number of fields make the parser no errors with stacks and copies', async (t) => {
  const stacks = t.mock.method(Error, 'captureStackTrace');
  await assert.rejects(read(`text,label\n${'a,b,c\n'.repeat(500)}`, { format: 'csv' }), /500 problems/);
  // A refusal of the data set has its own.
  const ofParser = stacks.mock.calls.filter(({ arguments: [error] }) =>
    String(error).includes('Invalid Record Length'),
  );
  assert.equal(ofParser.length, 0);
});

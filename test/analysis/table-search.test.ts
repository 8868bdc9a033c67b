import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EmbeddingTableFile } from '../../src/analysis/embedding-table.ts';
import { median } from '../../src/analysis/nearest-rows.ts';
import { searchTable } from '../../src/analysis/table-search.ts';
import { maxDifference, normal, seededRandom } from '../support/numbers.ts';
import { nearest, norm, rowsOf } from './naive.ts';

const VOCAB = 301;
const WIDTH = 19;
const random = seededRandom(11);
const values = Float32Array.from({ length: VOCAB * WIDTH }, () => normal(random));
// A token that was never learned, one that is another one scaled, and one that is its opposite.
values.fill(0, 7 * WIDTH, 8 * WIDTH);
for (let j = 0; j < WIDTH; j++) {
  values[20 * WIDTH + j] = 4 * values[10 * WIDTH + j]!;
  values[30 * WIDTH + j] = -values[10 * WIDTH + j]!;
}
const rows = rowsOf(values, WIDTH);
/** Five, so that the last ones do not fill a group; one of them is a row of the table, one is zero. */
const queries = Float32Array.from({ length: 5 * WIDTH }, () => 3 * normal(random));
queries.set(values.subarray(10 * WIDTH, 11 * WIDTH), WIDTH);
queries.fill(0, 2 * WIDTH, 3 * WIDTH);
const never = new AbortController().signal;

let directory: string;
let file: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'softprompt-analysis-'));
  file = join(directory, 'embeddings.bin');
  await writeFile(file, values);
});
after(() => rm(directory, { recursive: true }));

const tableFile = (vocabSize = VOCAB) => ({ file, vocabSize, hiddenSize: WIDTH });

describe('the search of an embedding table', () => {
  it('finds what sorting all cosines finds, whatever the size of a block', () => {
    for (const [k, block] of [
      [1, 1 << 20],
      [6, 1],
      [50, 4 * WIDTH + 3],
    ] as const) {
      const { ids, cosines } = searchTable({ table: tableFile(), queries, k, known: null }, block);
      rowsOf(queries, WIDTH).forEach((query, q) => {
        const expected = norm(query) === 0 ? [] : nearest(query, rows, k);
        const found = [...ids.subarray(q * k, (q + 1) * k)].filter((id) => id >= 0);
        assert.deepEqual(new Set(found), new Set(expected.map(({ id }) => id)), `query ${q}, k ${k}`);
        const given = [...cosines.subarray(q * k, q * k + found.length)];
        const wanted = expected.map(({ cosine }) => cosine);
        assert.ok(maxDifference(given, wanted) < 1e-12, `cosines of query ${q}`);
      });
    }
  });

  it('takes the smaller id of equal cosines first, and never a row of zeros', () => {
    const { ids, cosines } = searchTable({ table: tableFile(), queries, k: VOCAB, known: null });
    const own = [...ids.subarray(VOCAB, 2 * VOCAB)];
    assert.deepEqual(own.slice(0, 2), [10, 20]);
    assert.deepEqual(own.slice(-2), [30, -1], 'the opposite last, then nothing: one row has no direction');
    assert.ok(!own.includes(7), 'the row of zeros');
    assert.ok(Math.abs(cosines[VOCAB]! - 1) < 1e-12);
    assert.ok(Math.abs(cosines[2 * VOCAB - 2]! + 1) < 1e-12);
    assert.deepEqual(new Set(ids.subarray(2 * VOCAB, 3 * VOCAB)), new Set([-1]), 'the query of zeros');
  });

  it('knows the norms of an earlier pass', () => {
    const first = searchTable({ table: tableFile(), queries, k: 3, known: null });
    const expected = rows.map(norm);
    assert.ok(maxDifference([...first.table.norms], expected) < 1e-12);
    const sorted = expected.sort((a, b) => a - b);
    assert.ok(Math.abs(first.table.median - sorted[150]!) < 1e-12);
    assert.deepEqual(searchTable({ table: tableFile(), queries, k: 3, known: first.table }), first);
  });

  it('says that the file is too short', async () => {
    const short = join(directory, 'short.bin');
    await writeFile(short, values);
    await truncate(short, 100);
    const table = { ...tableFile(), file: short };
    assert.throws(() => searchTable({ table, queries, k: 1, known: null }), /ends after 100 bytes/);
  });
});

it('the median of an even number of values is between the two in the middle', () => {
  assert.equal(median(Float64Array.of(9, 1, 4, 2)), 3);
  assert.equal(median(Float64Array.of(3)), 3);
});

describe('an embedding table on its own thread', () => {
  it('answers as on this one, with the norm that rows have as they enter the model', async () => {
    const table = new EmbeddingTableFile(tableFile(), 10);
    const here = searchTable({ table: tableFile(), queries, k: 4, known: null });
    for (const pass of ['first', 'second']) {
      const { ids, cosines, medianNorm } = await table.nearest(queries, 4, never);
      assert.deepEqual([ids, cosines], [here.ids, here.cosines], pass);
      assert.ok(Math.abs(medianNorm - 10 * here.table.median) < 1e-9, pass);
    }
  });

  it('ends when its signal aborts, and fails when the table cannot be read', async () => {
    const table = new EmbeddingTableFile(tableFile(), 1);
    const reason = new Error('too late');
    const aborted = new AbortController();
    const running = table.nearest(queries, 4, aborted.signal);
    aborted.abort(reason);
    await assert.rejects(running, reason);
    await assert.rejects(table.nearest(queries, 4, aborted.signal), reason);
    const missing = new EmbeddingTableFile({ ...tableFile(), file: join(directory, 'absent') }, 1);
    await assert.rejects(missing.nearest(queries, 4, never), { code: 'ENOENT' });
  });
});

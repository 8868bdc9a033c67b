import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type FakeServer, inTemporaryDirectory, run, startFakeServer } from './harness.ts';

let server: FakeServer;
before(async () => {
  server = await startFakeServer();
});
after(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  server.answers.clear();
});
const cli = (...args: string[]) => run([...args, '--url', server.url]);
const asked = () => server.requests.map(({ line }) => line);

const NEIGHBORS = {
  task: 'mood',
  version: 2,
  median_embedding_norm: 3.1539,
  caution: 'Neighbours need not mean anything.',
  virtual_tokens: [
    {
      index: 0,
      norm: 6.3,
      norm_ratio: 1.9975,
      neighbors: [
        { id: 5, token: 'Ġgood', cosine: 0.91474 },
        { id: 9, token: null, cosine: -0.5 },
      ],
    },
    { index: 1, norm: 0, norm_ratio: 0, neighbors: [] },
  ],
};

describe('softprompt prompt neighbors', () => {
  it('shows a table with the caution, of the active version or another one', async () => {
    server.answers.set('GET /v1/tasks/mood', { json: { active_version: 2 } });
    server.answers.set('GET /v1/tasks/mood/prompts/2/neighbors?k=2', { json: NEIGHBORS });
    server.answers.set('GET /v1/tasks/mood/prompts/7/neighbors', { json: NEIGHBORS });
    const { code, stdout, stderr } = await cli('prompt', 'neighbors', 'mood', '--k', '2');
    assert.equal(code, 0, stderr);
    assert.deepEqual(stdout.split('\n'), [
      'ROW  NORM  NORM/MEDIAN  NEAREST TOKENS (COSINE)',
      '0    6.30  2.00         "Ġgood" 0.915  "#9" -0.500',
      '1    0.00  0.00         -',
      '',
      'NORM/MEDIAN is against the median norm of the embedding table, 3.15.',
      'Neighbours need not mean anything.',
      '',
    ]);
    const other = await cli('prompt', 'neighbors', 'mood@7', '--json');
    assert.deepEqual(JSON.parse(other.stdout), NEIGHBORS);
    assert.deepEqual(asked(), [
      'GET /v1/tasks/mood',
      'GET /v1/tasks/mood/prompts/2/neighbors?k=2',
      'GET /v1/tasks/mood/prompts/7/neighbors',
    ]);
  });

  it('says when nothing is active, and what is no version', async () => {
    server.answers.set('GET /v1/tasks/mood', { json: { active_version: null } });
    const none = await cli('prompt', 'neighbors', 'mood');
    assert.deepEqual([none.code, /no_active_version/.test(none.stderr)], [1, true], none.stderr);
    const odd = await cli('prompt', 'neighbors', 'mood@x');
    assert.deepEqual([odd.code, /invalid_version/.test(odd.stderr)], [1, true], odd.stderr);
    assert.equal((await cli('prompt', 'neighbors', 'absent')).code, 1);
  });
});

describe('softprompt prompt similarity', () => {
  it('shows both matrices', async () => {
    const json = {
      ids: ['a@1', 'b@2'],
      mean: [
        [1, null],
        [null, null],
      ],
      pairs: [
        [0.25, -0.125],
        [-0.125, 0.5],
      ],
    };
    server.answers.set('GET /v1/prompts/similarity?ids=a,b%402', { json });
    const { code, stdout, stderr } = await cli('prompt', 'similarity', 'a', 'b@2');
    assert.equal(code, 0, stderr);
    assert.deepEqual(stdout.split('\n'), [
      'MEAN  a@1    b@2',
      'a@1   1.000  -',
      'b@2   -      -',
      '',
      'PAIRS  a@1     b@2',
      'a@1    0.250   -0.125',
      'b@2    -0.125  0.500',
      '',
    ]);
    const again = await cli('prompt', 'similarity', 'a', 'b@2', '--json');
    assert.deepEqual(JSON.parse(again.stdout), json);
  });
});

describe('softprompt prompt transfer-candidates', () => {
  it('lists them', async () => {
    const data = [
      { id: 'spam@1', task: 'spam', version: 1, mean: 0.9347, pairs: 0.294 },
      { id: 'zero@1', task: 'zero', version: 1, mean: null, pairs: null },
    ];
    const line = 'POST /v1/prompts/transfer-candidates';
    server.answers.set(line, { json: { object: 'list', data } });
    const options = ['--limit', '2', '--measure', 'pairs'];
    const { code, stdout, stderr } = await cli('prompt', 'transfer-candidates', 'mood@1', ...options);
    assert.equal(code, 0, stderr);
    assert.deepEqual(stdout.split('\n'), [
      'PROMPT  MEAN   PAIRS',
      'spam@1  0.935  0.294',
      'zero@1  -      -',
      '',
    ]);
    const sent = JSON.parse(server.requests[0]!.body.toString());
    assert.deepEqual(sent, { target: 'mood@1', limit: 2, measure: 'pairs' });
    server.answers.set(line, { json: { object: 'list', data: [] } });
    assert.equal((await cli('prompt', 'transfer-candidates', 'mood')).stdout, 'No other prompts.\n');
    assert.equal((await cli('prompt', 'transfer-candidates', 'mood', '--measure', 'max')).code, 1);
  });
});

describe('softprompt domain-shift', () => {
  const RESULT = {
    object: 'domain_shift',
    kind: 'classification',
    data_sets: [
      { name: 'films', n: 200, accuracy: 0.9, interval: [0.86, 0.94], loss: 0.25 },
      {
        name: 'hotels',
        n: 100,
        accuracy: 0.5,
        interval: [0.4, 0.6],
        loss: 0.75,
        drop: { value: 0.4, interval: [0.3, 0.5], p_value: 0.0005 },
      },
    ],
  };
  const events = (...values: readonly unknown[]): Buffer =>
    Buffer.from(values.map((it) => `data: ${typeof it === 'string' ? it : JSON.stringify(it)}\n\n`).join(''));

  it('uploads the files, shows a table, and deletes the files', async () => {
    server.answers.set('POST /v1/files', { json: { id: 'file-1' } });
    const progress = { object: 'domain_shift.progress', data_set: 'films', done: 150, total: 300 };
    server.answers.set('POST /v1/tasks/mood/domain-shift', { bytes: events(progress, RESULT, '[DONE]') });
    await inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'rows.csv');
      await writeFile(file, 'text,label\nx,a\n');
      const data = ['--data', `films=${file}`, '--data', `hotels=${file}`, '--seed', '3'];
      const { code, stdout, stderr } = await cli('domain-shift', 'mood@4', ...data);
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout.split('\n'), [
        'DATA SET  ACCURACY  95 %          DROP    95 %          P       LOSS    ROWS',
        'films     90.0 %    86.0 .. 94.0  -       -             -       0.2500  200',
        'hotels    50.0 %    40.0 .. 60.0  40.0 %  30.0 .. 50.0  0.0005  0.7500  100',
        '',
      ]);
      assert.match(stderr, /50 % of 300 rows/);
      assert.deepEqual(asked(), [
        'POST /v1/files',
        'POST /v1/files',
        'POST /v1/tasks/mood/domain-shift',
        'DELETE /v1/files/file-1',
        'DELETE /v1/files/file-1',
      ]);
      assert.deepEqual(JSON.parse(server.requests[2]!.body.toString()), {
        version: 4,
        data_sets: [
          { name: 'films', file: 'file-1' },
          { name: 'hotels', file: 'file-1' },
        ],
        seed: 3,
        stream: true,
      });
    });
  });

  it('deletes the files after a refusal, and wants a name for each', async () => {
    server.answers.set('POST /v1/files', { json: { id: 'file-1' } });
    await inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'rows.csv');
      await writeFile(file, 'text,label\nx,a\n');
      const refused = await cli('domain-shift', 'absent', '--data', `a=${file}`);
      assert.deepEqual([refused.code, asked().at(-1)], [1, 'DELETE /v1/files/file-1']);
      assert.match(refused.stderr, /task_not_found/);
      server.requests.length = 0;
      const nameless = await cli('domain-shift', 'mood', '--data', file);
      assert.equal(nameless.code, 1);
      assert.match(nameless.stderr, /expected: NAME=FILE/);
      assert.deepEqual(asked(), []);
    });
  });
});

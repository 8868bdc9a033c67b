import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type FakeServer, inTemporaryDirectory, run, startFakeServer } from './harness.ts';

const PATH = 'POST /v1/tasks/mood/evaluations';
const EVALUATION = {
  object: 'evaluation',
  task: 'mood',
  kind: 'classification',
  rows: 4,
  labels: [' a', ' b'],
  contenders: [
    {
      name: 'mood@2',
      n: 3,
      too_long: { count: 1, rows: [] },
      loss: 0.5,
      seconds: 1.25,
      accuracy: 2 / 3,
      macro_f1: 0.625,
      classes: [
        { label: ' a', precision: 1, recall: 0.5, f1: 2 / 3, support: 2 },
        { label: ' b', precision: 0.5, recall: 1, f1: 2 / 3, support: 1 },
      ],
      confusion_matrix: [
        [1, 1],
        [0, 1],
      ],
      interval: [1 / 3, 1],
    },
  ],
  significance: {
    comparisons: [
      {
        name: 'zero_shot',
        reference: 'mood@2',
        rows: 3,
        measure: 'accuracy',
        difference: -0.25,
        interval: [-0.5, 0.125],
        p_value: 0.031,
      },
    ],
  },
};

const events = (...values: readonly unknown[]): Buffer =>
  Buffer.from(
    values.map((value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`).join(''),
  );
const progress = (done: number) => ({ object: 'evaluation.progress', contender: 'mood@2', done, total: 4 });

let server: FakeServer;
before(async () => {
  server = await startFakeServer();
});
after(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
});

/** Runs the command on a file of rows, beside a file of examples. */
async function evaluate(...args: readonly string[]) {
  let result: Awaited<ReturnType<typeof run>> | undefined;
  await inTemporaryDirectory(async (directory) => {
    const [data, examples] = [join(directory, 'test.jsonl'), join(directory, 'train.csv')];
    await writeFile(data, '{"text":"x","label":"a"}\n');
    await writeFile(examples, 'text,label\ny,b\n');
    const files = args.map((arg) => (arg === 'EXAMPLES' ? examples : arg));
    result = await run(['eval', '--task', 'mood', '--data', data, ...files, '--url', server.url]);
  });
  return result!;
}

describe('softprompt eval', () => {
  it('shows the progress, a table, the classes and the confusion matrix', async () => {
    server.answers.set(PATH, { bytes: events(progress(0), progress(2), progress(4), EVALUATION, '[DONE]') });
    const { code, stdout, stderr } = await evaluate();
    assert.equal(code, 0, stderr);
    assert.equal(stderr, 'evaluating\nevaluating: 50 % of 4 rows\nevaluating: 100 % of 4 rows\n');
    assert.deepEqual(stdout.split('\n'), [
      'CONTENDER  ACCURACY  95 %           MACRO-F1  LOSS    ROWS  TOO LONG  SECONDS',
      'mood@2     66.7 %    33.3 .. 100.0  62.5 %    0.5000  3     1         1.3',
      '',
      'COMPARISON          MEASURE   DIFFERENCE  95 %           P       ROWS',
      'zero_shot - mood@2  accuracy  -25.0 %     -50.0 .. 12.5  0.0310  3',
      '',
      'mood@2',
      'LABEL  PRECISION  RECALL   F1      ROWS',
      '" a"   100.0 %    50.0 %   66.7 %  2',
      '" b"   50.0 %     100.0 %  66.7 %  1',
      '',
      'mood@2: true label in rows',
      '      " a"  " b"',
      '" a"  1     1',
      '" b"  0     1',
      '',
    ]);
  });

  it('sends the files with their names, and every option', async () => {
    server.answers.set(PATH, { bytes: events(EVALUATION, '[DONE]') });
    const baselines = [
      '--zero-shot',
      '--k-shot',
      '3',
      '--naive-bayes',
      '--examples',
      'EXAMPLES',
      '--seed',
      '7',
    ];
    const { code, stdout } = await evaluate('--versions', '1,2', ...baselines, '--max-tokens', '9', '--json');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), EVALUATION);
    const { headers, body } = server.requests[0]!;
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': String(headers['content-type']) },
    }).formData();
    const sent = await Promise.all(
      [...form.entries()].map(async ([name, value]) =>
        typeof value === 'string' ? [name, value] : [name, value.name, await value.text()],
      ),
    );
    assert.deepEqual(sent, [
      ['file', 'test.jsonl', '{"text":"x","label":"a"}\n'],
      ['examples', 'train.csv', 'text,label\ny,b\n'],
      ['versions', '1'],
      ['versions', '2'],
      ['baselines', 'zero_shot'],
      ['baselines', 'k_shot'],
      ['baselines', 'naive_bayes'],
      ['shots', '3'],
      ['seed', '7'],
      ['max_tokens', '9'],
      ['stream', 'true'],
    ]);
  });

  it('fails with the refusal of the server, also inside the stream, and when the stream ends early', async () => {
    const error = { message: 'Row 2 has no label.', code: 'dataset_invalid' };
    const cases: [Parameters<typeof server.answers.set>[1], RegExp][] = [
      [
        { status: 422, json: { detail: error.message, error } },
        /error: Row 2 has no label\. \[dataset_invalid\]/,
      ],
      [{ bytes: events(progress(0), { error }) }, /error: Row 2 has no label\. \[dataset_invalid\]/],
      [{ bytes: events(progress(0)) }, /stream_ended_early/],
    ];
    for (const [answer, expected] of cases) {
      server.answers.set(PATH, answer);
      const { code, stdout, stderr } = await evaluate();
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, expected);
    }
  });

  it('refuses options that are none, and a file that is not there', async () => {
    assert.equal((await evaluate('--versions', '1,x')).code, 1);
    assert.equal((await evaluate('--k-shot', '0')).code, 1);
    const missing = await run([
      'eval',
      '--task',
      'mood',
      '--data',
      '/nowhere/rows.jsonl',
      '--url',
      server.url,
    ]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /ENOENT/);
    assert.deepEqual(server.requests, []);
  });
});

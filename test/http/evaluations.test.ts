import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import { MULTIPART_HEADERS, multipartBody, type Part } from '../support/multipart.ts';
import { eventsOf } from '../support/sse.ts';
import { startApp } from './harness.ts';

const url = '/v1/tasks/mood/evaluations';
const ROWS = [
  { text: 'x', label: 'a' },
  { text: 'y', label: 'b' },
];
const JSONL = ROWS.map((row) => JSON.stringify(row)).join('\n');
const post = (payload: object) => ({ method: 'POST' as const, url, payload });
const form = (...parts: readonly Part[]) => ({
  method: 'POST' as const,
  url,
  headers: MULTIPART_HEADERS,
  payload: multipartBody(parts),
});
const file = (name: string, filename: string, content = JSONL, type = 'application/octet-stream') => ({
  name,
  filename,
  content,
  type,
});
const field = (name: string, content: string) => ({ name, content });

const EVALUATION = {
  object: 'evaluation',
  task: 'mood',
  kind: 'classification',
  rows: 2,
  labels: ['a', 'b'],
  contenders: [
    {
      name: 'mood@1',
      type: 'version',
      version: 1,
      versions: [1],
      n: 2,
      too_long: { count: 0, rows: [] },
      loss: 0.75,
      seconds: 0.5,
      accuracy: 0.5,
      macro_f1: 1 / 3,
      cross_entropy: 0.625,
      classes: [
        { label: 'a', precision: 0.5, recall: 1, f1: 2 / 3, support: 1, predicted: 2 },
        { label: 'b', precision: 0, recall: 0, f1: 0, support: 1, predicted: 0 },
      ],
      confusion_matrix: [
        [1, 0],
        [1, 0],
      ],
      interval: [0, 1],
    },
  ],
  significance: {
    comparisons: [
      {
        name: 'mood@2',
        reference: 'mood@1',
        rows: 2,
        measure: 'accuracy',
        difference: -0.5,
        interval: [-1, 0],
        confidence: 0.95,
        p_value: 0.75,
        resamples: 2000,
      },
    ],
  },
  usage: {
    prompt_tokens: 7,
    completion_tokens: 0,
    total_tokens: 7,
    prompt_tokens_details: { virtual_tokens: 2 },
  },
};

describe('POST /v1/tasks/{task}/evaluations', () => {
  it('measures rows of the body', async (t) => {
    const { inject, evaluator } = await startApp(t);
    const options = {
      versions: [1, 2],
      ensembles: ['1+2', '2+10+1'],
      baselines: ['zero_shot', 'k_shot', 'naive_bayes'],
      shots: 3,
      seed: 7,
      max_tokens: 9,
    };
    const response = await inject(post({ rows: ROWS, examples: [ROWS[0]], ...options }));
    assert.equal(response.statusCode, 200, response.body);
    assert.deepEqual(response.json(), EVALUATION);
    assert.deepEqual(evaluator.requests, [
      {
        caller: ANYONE,
        task: 'mood',
        versions: [1, 2],
        ensembles: [
          [1, 2],
          [2, 10, 1],
        ],
        baselines: ['zero_shot', 'k_shot', 'naive_bayes'],
        rows: { kind: 'rows', rows: ROWS },
        examples: { kind: 'rows', rows: [ROWS[0]] },
        shots: 3,
        seed: 7,
        maxTokens: 9,
      },
    ]);
  });

  it('measures generation', async (t) => {
    const { inject, evaluator } = await startApp(t);
    const [contender] = evaluator.report.contenders;
    const scores = { exactMatch: 0.5, tokenF1: 0.75, lossPerToken: 0.25 };
    evaluator.report = {
      ...evaluator.report,
      kind: 'generation',
      labels: [],
      contenders: [{ ...contender!, scores }],
    };
    const [given] = (await inject(post({ rows: [{ prompt: 'x', completion: 'y' }] }))).json().contenders;
    assert.deepEqual([given.exact_match, given.token_f1, given.loss_per_token], [0.5, 0.75, 0.25]);
    assert.equal('accuracy' in given, false);
  });

  it('takes files of a form, by their name or type, and its fields', async (t) => {
    const { inject, evaluator } = await startApp(t);
    const csv = 'text,label\nx,a\n';
    const response = await inject(
      form(
        field('versions', '1'),
        file('file', 'test.JSONL'),
        field('versions', '4'),
        field('ensembles', '1+4'),
        field('baselines', 'k_shot'),
        field('shots', '2'),
        file('examples', 'blob', csv, 'text/csv'),
      ),
    );
    assert.deepEqual(response.json(), EVALUATION, response.body);
    assert.deepEqual(evaluator.requests, [
      {
        caller: ANYONE,
        task: 'mood',
        versions: [1, 4],
        ensembles: [[1, 4]],
        baselines: ['k_shot'],
        rows: { kind: 'bytes', bytes: Buffer.from(JSONL), format: 'jsonl' },
        examples: { kind: 'bytes', bytes: Buffer.from(csv), format: 'csv' },
        shots: 2,
        seed: 0,
        maxTokens: null,
      },
    ]);
  });

  it('takes an empty field of a form for an empty list', async (t) => {
    const { inject, evaluator } = await startApp(t);
    await inject(form(file('file', 'a.jsonl'), field('versions', ''), field('baselines', 'zero_shot')));
    assert.deepEqual(evaluator.requests[0]?.versions, []);
  });

  it('takes ids of files', async (t) => {
    const { inject, evaluator } = await startApp(t);
    await inject(post({ file: 'file-1', examples_file: 'file-2' }));
    await inject(form(field('file', 'file-3')));
    assert.deepEqual(
      evaluator.requests.map(({ rows, examples }) => [rows, examples]),
      [
        [
          { kind: 'file', id: 'file-1' },
          { kind: 'file', id: 'file-2' },
        ],
        [{ kind: 'file', id: 'file-3' }, null],
      ],
    );
  });

  it('streams progress, then the evaluation', async (t) => {
    const { inject } = await startApp(t);
    const progress = { object: 'evaluation.progress', contender: 'mood@1', total: 2 };
    for (const request of [
      post({ rows: ROWS, stream: true }),
      form(file('file', 'a.jsonl'), field('stream', 'true')),
    ]) {
      const response = await inject(request);
      assert.match(String(response.headers['content-type']), /^text\/event-stream/);
      const events = [{ ...progress, done: 0 }, { ...progress, done: 2 }, EVALUATION, '[DONE]'];
      assert.deepEqual(eventsOf(response.body), events);
    }
  });

  it('refuses fields that break a rule', async (t) => {
    const { inject, evaluator } = await startApp(t);
    const cases: [ReturnType<typeof post> | ReturnType<typeof form>, string][] = [
      [post({}), 'rows'],
      [post({ rows: [] }), 'rows'],
      [post({ rows: [{ text: 5 }] }), 'rows.0.text'],
      [post({ rows: [{ text: 'x', label: 'a', weight: '1' }] }), 'rows.0.weight'],
      [post({ rows: ROWS, file: 'file-1' }), 'rows'],
      [post({ rows: ROWS, examples: ROWS, examples_file: 'file-1' }), 'examples'],
      [post({ rows: ROWS, versions: [0] }), 'versions.0'],
      [post({ rows: ROWS, ensembles: ['1'] }), 'ensembles.0'],
      [post({ rows: ROWS, ensembles: ['1+2+1'] }), 'ensembles'],
      [post({ rows: ROWS, baselines: ['one_shot'] }), 'baselines.0'],
      [post({ rows: ROWS, shots: 0 }), 'shots'],
      [post({ rows: ROWS, labels: ['a'] }), 'labels'],
      [form(field('shots', '2')), 'rows'],
      [form(file('file', 'a.jsonl'), file('file', 'a.jsonl')), 'file'],
      [form(file('rows', 'a.jsonl')), 'rows'],
      [form(file('file', 'a.jsonl'), field('file', 'file-1')), 'rows'],
      [form(file('file', 'a.jsonl'), field('seed', '1'), field('seed', '2')), 'seed'],
      [form(file('file', 'a.jsonl'), field('seed', '01')), 'seed'],
      [form(file('file', 'a.jsonl'), field('rows', '[]')), 'rows'],
    ];
    for (const [request, param] of cases) {
      const response = await inject(request);
      const name = request.payload.toString().slice(0, 300);
      assert.deepEqual([response.statusCode, response.json().param], [400, param], name);
    }
    assert.deepEqual(evaluator.requests, []);
  });

  it('refuses files that are too large, of no known format, or cut off, and other bodies', async (t) => {
    const { inject, evaluator } = await startApp(t);
    const large = await inject(form(file('file', 'a.jsonl', 'x'.repeat(5000)), field('seed', '1')));
    assert.deepEqual([large.statusCode, large.json().error.code], [413, 'file_too_large']);
    const unknown = await inject(form(file('file', 'rows.parquet'), field('seed', '1')));
    assert.deepEqual([unknown.statusCode, unknown.json().error.code], [415, 'unknown_format']);
    const cut = await inject({ ...form(), payload: multipartBody([file('file', 'a.jsonl')], '') });
    assert.deepEqual([cut.statusCode, cut.json().error.code], [400, 'malformed_multipart']);
    const nothing = await inject({ method: 'POST', url });
    assert.equal(nothing.statusCode, 415);
    const text = await inject({
      method: 'POST',
      url,
      payload: JSONL,
      headers: { 'content-type': 'text/plain' },
    });
    assert.equal(text.statusCode, 415);
    const body = await inject(post({ rows: Array(2000).fill({ text: 'x'.repeat(40), label: 'a' }) }));
    assert.deepEqual([body.statusCode, body.json().error.code], [413, 'body_too_large']);
    assert.deepEqual(evaluator.requests, []);
  });

  it('takes 20,000 rows and examples in JSON, and says how to send more', async (t) => {
    const { inject, evaluator } = await startApp(t, { bodyBytes: 4 * 2 ** 20 });
    const many = (count: number) => Array(count).fill({ text: 'x', label: 'a' });
    const most = await inject(post({ rows: many(15_000), examples: many(5000), baselines: ['k_shot'] }));
    assert.equal(most.statusCode, 200, most.body);
    for (const [rows, examples, code] of [
      [15_000, 5001, 'too_many_rows'],
      [20_000, 20_000, 'json_too_many_parts'],
    ] as const) {
      const response = await inject(post({ rows: many(rows), examples: many(examples) }));
      assert.deepEqual([response.statusCode, response.json().error.code], [400, code]);
      assert.match(response.json().detail, /file/);
    }
    assert.equal(evaluator.requests.length, 1);
  });

  it('passes refusals on, before and in a stream', async (t) => {
    const { inject, evaluator } = await startApp(t);
    const problems = [
      { row: 2, line: 2, code: 'missing_label', message: 'expected a label that is not empty' },
    ];
    const error = new DomainError('unprocessable', 'dataset_invalid', 'Row 2 has no label.', {
      param: 'file',
      given: problems,
    });
    for (const stream of [false, true]) {
      evaluator.failure = { after: 0, error };
      const refused = await inject(post({ rows: ROWS, stream }));
      assert.deepEqual([refused.statusCode, refused.json().given], [422, problems]);
    }
    evaluator.failure = { after: 1, error };
    assert.equal((await inject(post({ rows: ROWS }))).statusCode, 422);
    const events = eventsOf((await inject(post({ rows: ROWS, stream: true }))).body);
    assert.equal((events.at(-2) as { error: { code: string } }).error.code, 'dataset_invalid');
  });

  it('stops when the client leaves, and then takes others', async (t) => {
    const { evaluator, listen, inject } = await startApp(t);
    evaluator.endless = true;
    const base = await listen();
    const clients = Array.from({ length: 4 }, () => new AbortController());
    const requests = clients.map(({ signal }) =>
      fetch(base + url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ rows: ROWS }),
        signal,
      }),
    );
    while (evaluator.requests.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    const fifth = await inject(post({ rows: ROWS }));
    assert.deepEqual([fifth.statusCode, fifth.json().error.code], [429, 'too_many_evaluations']);
    for (const client of clients) client.abort();
    await Promise.allSettled(requests);
    await evaluator.stopped;
    evaluator.endless = false;
    for (let status = 429; status !== 200; ) {
      status = (await inject(post({ rows: ROWS }))).statusCode;
      assert.ok(status === 200 || status === 429, `${status}`);
    }
  });

  it('waits until the service is ready', async (t) => {
    const test = await startApp(t);
    test.phase = 'draining';
    assert.equal((await test.inject(post({ rows: ROWS }))).statusCode, 503);
  });
});

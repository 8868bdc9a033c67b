import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type FakeServer, run, startFakeServer } from './harness.ts';

let server: FakeServer;
before(async () => {
  server = await startFakeServer();
});
after(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  server.answers.clear();
});

const task = (...args: string[]) => run(['task', ...args, '--url', server.url]);

const SENTIMENT = {
  name: 'sentiment',
  description: 'Film reviews',
  template: '{text}\nSentiment:',
  labels: [' good', ' bad'],
  defaults: { max_tokens: 2 },
  active_version: 3,
};
const EMPTY = {
  name: 'empty',
  description: null,
  template: null,
  labels: null,
  defaults: null,
  active_version: null,
};

describe('softprompt task', () => {
  it('list shows the tasks of every page', async () => {
    server.answers.set('GET /v1/tasks?limit=100', { json: { data: [EMPTY], next: 'a b' } });
    server.answers.set('GET /v1/tasks?limit=100&after=a%20b', { json: { data: [SENTIMENT], next: null } });
    const { code, stdout } = await task('list');
    assert.equal(code, 0);
    assert.equal(stdout, 'TASK       ACTIVE  DESCRIPTION\nempty      -\nsentiment  3       Film reviews\n');
    assert.deepEqual(JSON.parse((await task('list', '--json')).stdout), [EMPTY, SENTIMENT]);
  });

  it('list says when there are none', async () => {
    server.answers.set('GET /v1/tasks?limit=100', { json: { data: [], next: null } });
    assert.equal((await task('list')).stdout, 'No tasks.\n');
  });

  it('show prints every field', async () => {
    server.answers.set('GET /v1/tasks/sentiment', { json: SENTIMENT });
    const { stdout } = await task('show', 'sentiment');
    assert.match(stdout, /^task {12}sentiment$/m);
    assert.match(stdout, /^labels {10}" good" " bad"$/m);
    assert.match(stdout, /^active version {2}3$/m);
  });

  it('put sends what was given and nothing else', async () => {
    server.answers.set('PUT /v1/tasks/sentiment', { json: SENTIMENT });
    const { code } = await task(
      'put',
      'sentiment',
      '--template',
      '{text}:',
      '--label',
      ' good',
      '--label',
      ' bad',
      '--defaults',
      '{"max_tokens":2}',
    );
    assert.equal(code, 0);
    const { headers, body } = server.requests[0]!;
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(body.toString()), {
      template: '{text}:',
      labels: [' good', ' bad'],
      defaults: { max_tokens: 2 },
    });
  });

  it('put refuses defaults that are no JSON object, before asking the server', async () => {
    for (const defaults of ['{', '[1]', 'null']) {
      const { code, stderr } = await task('put', 'sentiment', '--defaults', defaults);
      assert.equal(code, 1);
      assert.match(stderr, /--defaults.*Expected a JSON object/s);
    }
    assert.deepEqual(server.requests, []);
  });

  it('delete deletes', async () => {
    server.answers.set('DELETE /v1/tasks/sentiment', { status: 204 });
    assert.deepEqual(await task('delete', 'sentiment'), {
      code: 0,
      stdout: 'deleted sentiment\n',
      stderr: '',
    });
  });

  it('encodes what a name may hide', async () => {
    await task('show', '../models?x');
    assert.equal(server.requests[0]!.line, 'GET /v1/tasks/..%2Fmodels%3Fx');
  });

  it('shows a refusal of the server as one block', async () => {
    assert.deepEqual(await task('show', 'absent'), {
      code: 1,
      stdout: '',
      stderr: 'error: There is no such task. [task_not_found]\n  field:    task\n  given:    absent\n',
    });
  });

  it('says so when no server answers', async () => {
    const { code, stderr } = await run(['task', 'list'], { env: { SOFTPROMPT_URL: 'http://127.0.0.1:2/' } });
    assert.equal(code, 1);
    assert.match(stderr, /^error: No server answers at http:\/\/127\.0\.0\.1:2: .*ECONNREFUSED.*\n/);
    assert.match(stderr, /expected: a running server \(softprompt serve\)/);
    assert.doesNotMatch(stderr, /\bat .*\.ts/);
  });
});

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
  serving: { type: 'version', version: 3, shadow: null },
};
const EMPTY = {
  name: 'empty',
  description: null,
  template: null,
  labels: null,
  defaults: null,
  serving: null,
};

describe('softprompt task', () => {
  it('list shows the tasks of every page', async () => {
    server.answers.set('GET /v1/tasks?limit=100', { json: { data: [EMPTY], next: 'a b' } });
    server.answers.set('GET /v1/tasks?limit=100&after=a%20b', { json: { data: [SENTIMENT], next: null } });
    const { code, stdout } = await task('list');
    assert.equal(code, 0);
    assert.equal(stdout, 'TASK       SERVES  DESCRIPTION\nempty      -\nsentiment  3       Film reviews\n');
    assert.deepEqual(JSON.parse((await task('list', '--json')).stdout), [EMPTY, SENTIMENT]);
  });

  it('list says when there are none', async () => {
    server.answers.set('GET /v1/tasks?limit=100', { json: { data: [], next: null } });
    assert.equal((await task('list')).stdout, 'No tasks.\n');
  });

  it('show prints every field', async () => {
    server.answers.set('GET /v1/tasks/sentiment', { json: SENTIMENT });
    const { stdout } = await task('show', 'sentiment');
    assert.match(stdout, /^task {9}sentiment$/m);
    assert.match(stdout, /^labels {7}" good" " bad"$/m);
    assert.match(stdout, /^serves {7}3$/m);
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

describe('softprompt task serving', () => {
  const SPLIT = {
    type: 'split',
    shares: [
      { version: 1, weight: 0.9 },
      { version: 2, weight: 0.1 },
    ],
    shadow: 3,
  };
  const SERVING = {
    task: 'mood',
    plan: SPLIT,
    previous: { type: 'ensemble', versions: [1, 2], shadow: null },
    versions: [
      { version: 1, requests: 90, errors: 1, output_tokens: 300, mean_seconds: 0.0314 },
      { version: 2, requests: 0, errors: 0, output_tokens: 0, mean_seconds: null },
    ],
    shadow: { version: 3, same: 80, different: 9, failed: 0, skipped: 1 },
  };

  it('shows the plan, what came before, and the versions side by side', async () => {
    server.answers.set('GET /v1/tasks/mood/serving', { json: SERVING });
    const { stdout } = await task('serving', 'mood');
    assert.match(stdout, /^serves +1 \(90 %\), 2 \(10 %\), shadow 3$/m);
    assert.match(stdout, /^rolls back to +ensemble of 1, 2$/m);
    assert.match(stdout, /^shadow 3 +80 same, 9 different, 0 failed, 1 skipped$/m);
    assert.match(stdout, /^1 +90 +1 +300 +31 ms$/m);
    assert.match(stdout, /^2 +0 +0 +0 +-$/m);
  });

  it('sends a plan, a promotion and a roll back', async () => {
    for (const answer of ['PUT /v1/tasks/mood/serving', 'POST /v1/tasks/mood/promote'])
      server.answers.set(answer, { json: SERVING });
    server.answers.set('POST /v1/tasks/mood/rollback', { json: SERVING });
    await task('serve', 'mood', '--split', '1=0.9,2=.1', '--shadow', '3');
    await task('serve', 'mood', '--ensemble', '1,2,3');
    await task('promote', 'mood', '2');
    await task('rollback', 'mood');
    const bodies = server.requests.map(({ body }) =>
      body.length === 0 ? null : JSON.parse(body.toString()),
    );
    assert.deepEqual(bodies, [SPLIT, { type: 'ensemble', versions: [1, 2, 3] }, { version: 2 }, null]);
  });

  it('refuses what is no plan before it asks the server', async () => {
    for (const args of [[], ['--only', '1', '--ensemble', '1,2'], ['--split', '1,2'], ['--only', '0']]) {
      const { code, stderr } = await task('serve', 'mood', ...args);
      assert.notEqual(code, 0, args.join(' '));
      assert.match(stderr, /[Ee]xpected/, args.join(' '));
    }
    assert.deepEqual(server.requests, []);
  });
});

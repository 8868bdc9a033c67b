import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import Fastify from 'fastify';
import { parseEntries } from '../../src/access/entries.ts';
import { createKeyRing } from '../../src/access/key-ring.ts';
import { newKey } from '../../src/access/secrets.ts';
import type { AccessOptions } from '../../src/http/dependencies.ts';
import { controlAccess } from '../../src/http/plugins/access.ts';
import { BASE_MODEL } from './fakes.ts';
import { startApp, type TestApp } from './harness.ts';

const KEYS = {
  admin: newKey('ops', ['admin'], null),
  write: newKey('builder', ['write'], null),
  infer: newKey('reader', ['infer'], null),
  /** May do all that a limited key can, but only with `mine` and `team-*`. */
  limited: newKey('team', ['write'], ['mine', 'team-*']),
  unknown: newKey('stranger', ['admin'], null),
};
const { unknown: _, ...known } = KEYS;
const ring = createKeyRing(
  parseEntries(
    Object.values(known).map(({ entry }, i) => ({ place: `${i}`, text: entry })),
    'test',
  ),
);

const bearer = (key: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[key].secret}` });

const METADATA = { description: null, template: null, labels: null, defaults: null };
const VERSION = { kind: 'tensor', model: Buffer.from('x') } as const;

async function start(t: TestContext, access: Partial<AccessOptions> = {}): Promise<TestApp> {
  const test = await startApp(t, {}, { access: { keys: ring, ...access } });
  for (const task of ['mine', 'secret', 'team-x'])
    await test.publisher.publish(task, VERSION, { activate: true });
  return test;
}

interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly access: string;
}

/** The access of every operation; a new one fails the test until it stands here. */
const ACCESS: Readonly<Record<string, string>> = {
  'GET /health/live': 'open',
  'GET /health/ready': 'open',
  'GET /info': 'any',
  'GET /metrics': 'admin',
  'GET /v1/audit': 'admin',
  'POST /tokenize': 'infer',
  'POST /detokenize': 'infer',
  'POST /v1/completions': 'infer',
  'POST /v1/chat/completions': 'infer',
  'POST /v1/tasks/{task}/classify': 'infer',
  'POST /v1/tasks/{task}/score': 'infer',
  'GET /v1/prompts/similarity': 'infer',
  'POST /v1/prompts/transfer-candidates': 'infer',
  'GET /v1/models': 'infer',
  'GET /v1/models/{id}': 'infer',
  'GET /v1/tasks': 'infer',
  'GET /v1/tasks/{task}': 'infer',
  'GET /v1/tasks/{task}/prompts': 'infer',
  'GET /v1/tasks/{task}/serving': 'infer',
  'GET /v1/tasks/{task}/prompts/{version}': 'infer',
};
const accessOf = (name: string): string => ACCESS[name] ?? 'write';

/** Of the document, HEAD routes and the pages aside. */
function operationsOf({ app }: TestApp): readonly Operation[] {
  const { paths } = app.swagger() as unknown as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => {
      const name = method.toUpperCase() as Operation['method'];
      return { method: name, path, access: accessOf(`${name} ${path}`) };
    }),
  );
}

/** A request that gets as far as its task: what comes then must not depend on whether it exists. */
const BODIES: Readonly<Record<string, object>> = {
  'PUT /v1/tasks/{task}/serving': { type: 'version', version: 1 },
  'POST /v1/tasks/{task}/promote': { version: 1 },
  'POST /v1/tasks/{task}/evaluations': { rows: [{ text: 'a', label: 'b' }] },
  'POST /v1/tasks/{task}/domain-shift': {
    data_sets: ['a', 'b'].map((name) => ({ name, rows: [{ text: 'a', label: 'b' }] })),
  },
};
const url = (path: string, task = 'secret'): string =>
  path
    .replace('{task}', task)
    .replace('{version}', '1')
    .replace('{id}', task)
    .replace('{file}', 'file-1')
    .replace('{job}', 'ftjob-1');

describe('access', () => {
  it('every operation is refused without a key, with a wrong one and with too small a scope', async (t) => {
    const test = await start(t);
    const operations = operationsOf(test);
    assert.equal(operations.length, 48);
    for (const [index, { method, path, access }] of operations.entries()) {
      const name = `${method} ${path}`;
      // From an address of its own: failures are counted.
      const from = { remoteAddress: `10.0.0.${index}` };
      const ask = (headers: Record<string, string>) =>
        test.inject({ method, url: url(path), headers, ...from });
      if (access === 'open') {
        assert.equal((await ask(bearer('unknown'))).statusCode, 200, name);
        continue;
      }
      for (const headers of [{}, bearer('unknown')]) {
        const refused = await ask(headers);
        assert.equal(refused.statusCode, 401, name);
        assert.match(String(refused.headers['www-authenticate']), /^Bearer /, name);
        assert.match(refused.json().error.code, /^(missing|invalid)_api_key$/, name);
      }
      const smaller = { any: null, infer: null, write: 'infer', admin: 'write' } as const;
      const key = smaller[access as keyof typeof smaller];
      if (key === null) assert.ok(![401, 403].includes((await ask(bearer('infer'))).statusCode), name);
      else {
        const refused = await ask(bearer(key));
        assert.equal(refused.statusCode, 403, name);
        assert.equal(refused.json().error.code, 'insufficient_scope', name);
        assert.match(String(refused.headers['www-authenticate']), /insufficient_scope/, name);
      }
      assert.ok(![401, 403].includes((await ask(bearer('admin'))).statusCode), name);
    }
  });

  it('how much a task is asked is shown to those who may change what it serves with', async (t) => {
    const test = await start(t);
    await test.publisher.publish('mine', { kind: 'tensor', model: Buffer.from('y') }, { activate: true });
    await test.publisher.serve('mine', { type: 'version', version: 2, shadow: 1 });
    const see = async (key: keyof typeof KEYS) =>
      (await test.inject({ url: '/v1/tasks/mine/serving', headers: bearer(key) })).json();
    const [seen, builder] = [await see('infer'), await see('write')];
    assert.deepEqual([seen.versions, seen.shadow], [[], null]);
    assert.deepEqual(seen.plan, builder.plan);
    assert.deepEqual([builder.versions.length, builder.shadow.version], [1, 1]);
  });

  it("another's task is answered like one that does not exist, and cannot be made", async (t) => {
    const test = await start(t);
    for (const { method, path } of operationsOf(test)) {
      if (!path.includes('{task}') && !path.includes('{id}')) continue;
      const name = `${method} ${path}`;
      const payload = BODIES[name];
      const ask = async (task: string) => {
        const response = await test.inject({
          method,
          url: url(path, task),
          headers: bearer('limited'),
          ...(payload && { payload }),
        });
        const { request_id: _id, ...body } = response.json();
        return { status: response.statusCode, body: JSON.stringify(body).replaceAll(task, 'TASK') };
      };
      // The fakes of inference and evaluation hold no tasks: theirs is tested against the real ones.
      if (/classify|score|evaluations|domain-shift/.test(path)) continue;
      const hidden = await ask('secret');
      assert.deepEqual(hidden, await ask('absent'), name);
      const creates = ['PUT /v1/tasks/{task}', 'POST /v1/tasks/{task}/prompts'].includes(name);
      assert.equal(hidden.status, creates ? 403 : 404, name);
    }
    assert.deepEqual([...test.store.tasks.keys()].sort(), ['mine', 'secret', 'team-x']);
  });

  it('lists hold what is granted only, page by page', async (t) => {
    const test = await start(t);
    for (let i = 0; i < 3; i++) await test.store.putTask(`team-${i}`, METADATA);
    const get = async (path: string) =>
      (await test.inject({ method: 'GET', url: path, headers: bearer('limited') })).json();
    const names = ['mine', 'team-0', 'team-1', 'team-2', 'team-x'];
    const { data } = await get('/v1/models');
    assert.deepEqual(
      data.map(({ id }: { id: string }) => id),
      names,
    );
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page = await get(`/v1/tasks?limit=2${after && `&after=${after}`}`);
      seen.push(...page.data.map(({ name }: { name: string }) => name));
      assert.ok(page.next === null || names.includes(page.next), 'the cursor names a task that is granted');
      after = page.next;
    }
    assert.deepEqual(seen, names);
    assert.equal((await get('/info')).tasks, names.length);
    assert.equal((await get(`/v1/models/${BASE_MODEL}`)).status, 404, 'the base model is not granted');
    assert.equal((await get('/v1/models/mine%401')).id, 'mine@1');
    assert.equal((await get('/v1/models/%73ecret')).error.code, 'model_not_found');
    assert.equal((await get('/v1/models/secret%401')).error.code, 'model_not_found');
  });

  it('the caller goes with every request for inference', async (t) => {
    const { inject, inference, evaluator } = await start(t);
    const post = (path: string, payload: object) =>
      inject({ method: 'POST', url: path, headers: bearer('limited'), payload });
    await post('/v1/completions', { model: 'mine', prompt: ['a', 'b'] });
    await post('/v1/chat/completions', { model: 'mine', messages: [{ role: 'user', content: 'a' }] });
    await post('/v1/tasks/mine/classify', { inputs: ['a'] });
    await post('/v1/tasks/mine/evaluations', { rows: [{ text: 'a', label: 'b' }] });
    await post('/v1/tasks/mine/domain-shift', BODIES['POST /v1/tasks/{task}/domain-shift']!);
    const asked = [...inference.requests, ...evaluator.requests, ...evaluator.shifts];
    assert.deepEqual(
      asked.map(({ caller }) => caller.name),
      Array(5).fill('team'),
    );
  });

  it('a job for tasks outside of the grant is refused, also when only one of several is', async (t) => {
    const { inject } = await start(t);
    const multitask = {
      type: 'multitask_prompt_tuning',
      multitask_prompt_tuning: { other_tasks: [{ suffix: 'secret', training_file: 'file-1' }] },
    };
    for (const body of [{ suffix: 'secret' }, { suffix: 'mine', method: multitask }]) {
      const payload = { model: BASE_MODEL, training_file: 'file-1', ...body };
      const headers = bearer('limited');
      const refused = await inject({ method: 'POST', url: '/v1/fine_tuning/jobs', headers, payload });
      assert.equal(refused.statusCode, 403, refused.body);
      assert.equal(refused.json().error.code, 'task_not_granted');
    }
  });

  it('takes one bearer token and nothing else', async (t) => {
    const test = await start(t);
    const { secret } = KEYS.infer;
    const base = await test.listen();
    const ask = async (headers: [string, string][]) =>
      (await fetch(`${base}/info`, { headers: new Headers(headers) })).status;
    const status = async (value: string) => ask([['authorization', value]]);
    assert.equal(await status(`Bearer ${secret}`), 200);
    assert.equal(await status(`bearer  ${secret}`), 200, 'the scheme is case-insensitive (RFC 9110)');
    for (const value of [
      secret,
      `Basic ${secret}`,
      `Bearer${secret}`,
      `Bearer ${secret} ${secret}`,
      `Bearer ${secret}, Bearer ${secret}`,
      `Bearer ${secret.toLowerCase()}`,
      `Bearer ${secret.slice(0, -1)}`,
      `Bearer ${known.infer.entry.split(':')[2]}`,
      'Bearer',
      'Bearer =',
      '',
    ])
      assert.equal(await status(value), 401, value.replace(secret, 'SECRET'));
    assert.equal(await ask([['x-api-key', secret]]), 401);
    assert.equal((await fetch(`${base}/info?api_key=${secret}`)).status, 401);
    const twice = await test.app.inject({
      url: '/info',
      headers: { authorization: [`Bearer ${secret}`, 'Bearer other'] as unknown as string },
    });
    assert.equal(twice.statusCode, 401, 'two headers');
  });

  it('holds for HEAD, and leaves wrong methods, unknown paths and the pages open', async (t) => {
    const { app } = await start(t);
    const status = async (method: 'HEAD' | 'OPTIONS' | 'PATCH' | 'GET', path: string, headers = {}) =>
      (await app.inject({ method, url: path, headers })).statusCode;
    assert.equal(await status('HEAD', '/v1/tasks/mine'), 401);
    assert.equal(await status('HEAD', '/v1/tasks/secret', bearer('limited')), 404);
    assert.equal(await status('HEAD', '/metrics', bearer('write')), 403);
    assert.equal(await status('OPTIONS', '/v1/tasks/mine'), 405);
    assert.equal(await status('PATCH', '/v1/tasks/mine'), 405);
    assert.equal(await status('GET', '/v1/nothing'), 404);
    assert.equal(await status('GET', '/openapi.json'), 200);
    assert.ok([200, 302].includes(await status('GET', '/docs')), 'the page');
    assert.equal(await status('GET', '/docs/static/swagger-ui.css'), 200);
    assert.equal(await status('GET', '/docs/static/..%2f..%2fpackage.json'), 404);
    assert.equal(await status('GET', '//v1/tasks'), 404);
    assert.equal(await status('GET', '/V1/tasks'), 404);
  });

  it('a route that declares no access keeps the server from starting', async () => {
    const app = Fastify();
    controlAccess(app, ring, async () => true);
    app.get('/forgotten', async () => 'x');
    await assert.rejects(async () => app.ready(), /\/forgotten declares no access/);
  });

  it('names the key in the log, and never its secret', async (t) => {
    const { inject, logs } = await start(t);
    await inject({ method: 'GET', url: '/info', headers: bearer('infer') });
    await inject({ method: 'GET', url: '/info', headers: bearer('unknown') });
    assert.deepEqual(
      logs.map(({ key, status }) => [key, status]),
      [
        ['reader', 200],
        [undefined, 401],
      ],
    );
    const text = JSON.stringify(logs);
    for (const { secret } of Object.values(KEYS)) assert.ok(!text.includes(secret), 'no secret in the log');
  });
});

describe('quotas', () => {
  it('bound the requests of a key in a minute, of others nothing', async (t) => {
    const { inject } = await start(t, { requestsPerMinute: 3 });
    const ask = (key: keyof typeof KEYS) => inject({ method: 'GET', url: '/info', headers: bearer(key) });
    const left: unknown[] = [];
    for (let i = 0; i < 3; i++) left.push((await ask('infer')).headers['ratelimit-remaining']);
    assert.deepEqual(left.map(Number), [2, 1, 0]);
    const refused = await ask('infer');
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.json().error.code, 'rate_limited');
    assert.equal(Number(refused.headers['ratelimit-limit']), 3);
    assert.ok(Number(refused.headers['retry-after']) > 0, 'Retry-After');
    assert.equal((await ask('write')).statusCode, 200);
    assert.equal((await inject({ method: 'GET', url: '/health/live' })).statusCode, 200);
  });

  it('bound the requests of a key at the same time, and give the place back', async (t) => {
    const test = await start(t, { concurrentRequests: 1 });
    test.inference.endless = 'x';
    const base = await test.listen();
    const cut = new AbortController();
    const ask = (key: keyof typeof KEYS) => fetch(`${base}/info`, { headers: bearer(key) });
    const stream = await fetch(`${base}/v1/completions`, {
      method: 'POST',
      headers: { ...bearer('infer'), 'content-type': 'application/json' },
      body: JSON.stringify({ model: BASE_MODEL, prompt: 'a', stream: true }),
      signal: cut.signal,
    });
    assert.equal(stream.status, 200);
    const refused = await ask('infer');
    assert.equal(refused.status, 429);
    assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'too_many_requests');
    assert.equal((await ask('write')).status, 200, 'another key');
    cut.abort();
    await test.inference.stopped;
    assert.equal((await ask('infer')).status, 200, 'the place is free again');
  });

  it('bound failed authentications of an address, and no valid ones', async (t) => {
    const { app } = await start(t);
    const ask = (key: keyof typeof KEYS) => app.inject({ url: '/info', headers: bearer(key) });
    const statuses = new Map<number, number>();
    for (let i = 0; i < 61; i++) {
      const { statusCode } = await ask('unknown');
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    }
    assert.deepEqual(
      [...statuses],
      [
        [401, 60],
        [429, 1],
      ],
    );
    assert.equal((await ask('infer')).statusCode, 200);
  });
});

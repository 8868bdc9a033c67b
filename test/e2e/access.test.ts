import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { newKey } from '../../src/access/secrets.ts';
import { Client, type ProblemBody, succeeded } from '../support/client.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const family = await readFamily(RECORDINGS, 'llama');
const adapter = family.adapters.find(({ name }) => name === 'prompt_text')!;
const ROWS = '{"text":"a","label":" x"}\n{"text":"b","label":" y"}\n';

const keys = {
  ops: newKey('ops', ['admin'], null),
  a: newKey('team-a', ['write'], ['team-a-*']),
  b: newKey('team-b', ['write'], ['team-b-*', BASE]),
  reader: newKey('reader', ['infer'], null),
};

describe('a service with API keys', () => {
  let service: TestService;
  let ops: Client;
  let a: Client;
  let b: Client;
  before(async () => {
    const apiKeys = Object.values(keys)
      .map(({ entry }) => entry)
      .join(' ');
    service = await startTestService({ source: family.modelDirectory, name: BASE, flags: { apiKeys } });
    const clientOf = ({ secret }: { secret: string }) => new Client(service.url, secret);
    [ops, a, b] = [clientOf(keys.ops), clientOf(keys.a), clientOf(keys.b)];
    for (const [client, task] of [
      [a, 'team-a-mood'],
      [b, 'team-b-mood'],
    ] as const)
      succeeded(await client.uploadAdapter(task, adapter.config, adapter.model), `upload of ${task}`);
  });
  after(() => service?.close());

  /** Status and problem, without what names the task or the request. */
  const outcome = async (client: Client, path: string, body: object, task: string) => {
    const { status, body: problem } = await client.request<ProblemBody>('POST', path, body);
    const { detail, error, param } = problem;
    return { status, param, text: JSON.stringify([detail, error]).replaceAll(task, 'TASK') };
  };

  it("answers a call of another's task as one of no task, by every way to call it", async () => {
    const rows = [
      { text: 'a', label: ' x' },
      { text: 'b', label: ' y' },
    ];
    const ways: readonly ((task: string) => readonly [string, object])[] = [
      (task) => ['/v1/completions', { model: task, prompt: 'x' }],
      (task) => ['/v1/completions', { model: `${task}@1`, prompt: ['x', 'y'], stream: true }],
      (task) => ['/v1/chat/completions', { model: task, messages: [{ role: 'user', content: 'x' }] }],
      (task) => [`/v1/tasks/${task}/classify`, { inputs: ['x'], labels: ['a', 'b'], version: 1 }],
      (task) => [`/v1/tasks/${task}/score`, { inputs: [{ text: 'x', target: 'y' }] }],
      (task) => [`/v1/tasks/${task.replace('t', '%74')}/score`, { inputs: [{ text: 'x', target: 'y' }] }],
      (task) => [`/v1/tasks/${task}/evaluations`, { rows, versions: [1] }],
      (task) => [`/v1/tasks/${task}/prompts/1/activate`, {}],
    ];
    for (const way of ways) {
      const [path, body] = way('team-b-mood');
      const hidden = await outcome(a, path, body, 'team-b-mood');
      assert.equal(hidden.status, 404, path);
      assert.deepEqual(hidden, await outcome(a, ...way('team-b-none'), 'team-b-none'), path);
    }
    await b.complete({ model: 'team-b-mood', prompt: 'x', max_tokens: 1 });
  });

  it('serves the base model, also as a baseline, only to a key that has its id', async () => {
    const body = { model: BASE, prompt: 'x', max_tokens: 1 };
    assert.equal((await a.request('POST', '/v1/completions', body)).status, 404);
    await b.complete(body);
    const evaluation = { rows: [{ prompt: 'a', completion: ' b' }], baselines: ['zero_shot'] };
    const path = (team: string) => `/v1/tasks/team-${team}-mood/evaluations`;
    assert.equal((await a.request('POST', path('a'), evaluation)).status, 404);
    assert.equal((await b.request('POST', path('b'), evaluation)).status, 200);
  });

  it('keeps files and jobs of another key apart, and what a job would start from', async () => {
    const own = await a.uploadFile('rows.jsonl', ROWS);
    const foreign = await b.uploadFile('rows.jsonl', ROWS);
    const status = async (client: Client, method: string, path: string) =>
      (await client.request(method, path)).status;
    assert.equal(await status(a, 'GET', `/v1/files/${foreign}`), 404);
    assert.equal(await status(a, 'GET', `/v1/files/${foreign}/content`), 404);
    assert.equal(await status(a, 'DELETE', `/v1/files/${foreign}`), 404);
    assert.equal(await status(a, 'GET', `/v1/files?after=${foreign}`), 400);
    assert.equal(await status(ops, 'GET', `/v1/files/${foreign}`), 200);
    const { data } = await a.ok<{ data: { id: string }[] }>('GET', '/v1/files');
    assert.deepEqual(
      data.map(({ id }) => id),
      [own],
    );
    const rows = { file: foreign, versions: [1] };
    assert.equal((await a.request('POST', '/v1/tasks/team-a-mood/evaluations', rows)).status, 404);

    const job = (file: string, suffix: string, hyperparameters = {}) => ({
      model: BASE,
      training_file: file,
      suffix,
      method: {
        type: 'prompt_tuning',
        prompt_tuning: {
          config: { num_virtual_tokens: 2 },
          hyperparameters: { max_steps: 1, ...hyperparameters },
        },
      },
    });
    const create = (client: Client, body: object) =>
      client.request<ProblemBody & { id: string }>('POST', '/v1/fine_tuning/jobs', body);
    assert.equal((await create(a, job(own, 'team-b-mood'))).status, 403);
    assert.equal((await create(a, job(foreign, 'team-a-mood'))).body.error.code, 'file_not_found');
    for (const from of ['team-b-mood', 'team-b-mood@1', 'team-b-none']) {
      const { status: code, body } = await create(a, job(own, 'team-a-new', { init_from: from }));
      assert.deepEqual([code, body.error.code], [404, 'version_not_found'], from);
    }
    const { body: theirs } = await create(b, job(foreign, 'team-b-mood'));
    for (const part of ['', '/events', '/checkpoints', '/adapter_config.json'])
      assert.equal(await status(a, 'GET', `/v1/fine_tuning/jobs/${theirs.id}${part}`), 404, part);
    for (const act of ['cancel', 'pause', 'resume'])
      assert.equal(await status(a, 'POST', `/v1/fine_tuning/jobs/${theirs.id}/${act}`), 404, act);
    assert.deepEqual((await a.ok<{ data: [] }>('GET', '/v1/fine_tuning/jobs')).data, []);
    // A job of a task that is seen, which starts from one that is not.
    const { body: mixed } = await create(ops, job(own, 'team-a-new', { init_from: 'team-b-mood' }));
    assert.equal(await status(a, 'GET', `/v1/fine_tuning/jobs/${mixed.id}`), 404);
    for (const id of [theirs.id, mixed.id]) await ops.request('POST', `/v1/fine_tuning/jobs/${id}/cancel`);
  });

  it('shares cached inputs within a key, and with no other', async () => {
    const hits = () => ops.metric('softprompt_engine_input_cache_hit_tokens_total');
    const text = 'One long text that two keys ask about, with words enough for several blocks of it. '.repeat(
      2,
    );
    const ask = async (client: Client, task: string): Promise<number> => {
      const start = await hits();
      await client.complete({ model: task, prompt: text, max_tokens: 1 });
      return (await hits()) - start;
    };
    assert.equal(await ask(a, 'team-a-mood'), 0);
    assert.equal(await ask(b, 'team-b-mood'), 0, 'the same prompt content and text of another key');
    assert.equal(await ask(ops, 'team-a-mood'), 0, 'the same task of another key');
    assert.ok((await ask(a, 'team-a-mood')) > 0, 'its own text');
  });

  it('says who changed what, to admins only', async () => {
    interface Entry {
      readonly key: string;
      readonly request_id: string;
      readonly action: string;
      readonly version: number;
      readonly sha256: string;
    }
    const headers = { 'x-request-id': 'the-request' };
    assert.equal((await a.request('PUT', '/v1/tasks/team-a-new', {}, headers)).status, 201);
    const { data } = await ops.ok<{ data: Entry[] }>('GET', '/v1/audit?task=team-a-new&limit=1');
    assert.deepEqual(
      [data[0]!.key, data[0]!.request_id, data[0]!.action],
      ['team-a', 'the-request', 'task.put'],
    );
    const uploads = await ops.ok<{ data: Entry[] }>('GET', '/v1/audit?task=team-a-mood');
    const actions = uploads.data.map(({ action, version, key }) => [action, version, key]);
    assert.deepEqual(actions.slice(-2), [
      ['prompt.activate', 1, 'team-a'],
      ['prompt.upload', 1, 'team-a'],
    ]);
    assert.equal((await a.request('GET', '/v1/audit')).status, 403);
  });

  it("works with OpenAI's client by its apiKey", async () => {
    const openaiOf = (apiKey: string) => new OpenAI({ baseURL: `${service.url}/v1`, apiKey, maxRetries: 0 });
    const team = openaiOf(keys.a.secret);
    const ids: string[] = [];
    for await (const model of team.models.list()) ids.push(model.id);
    assert.ok(ids.includes('team-a-mood') && !ids.some((id) => !id.startsWith('team-a-')), ids.join());
    const request = { model: 'team-a-mood', prompt: 'x', max_tokens: 2 };
    assert.equal((await team.completions.create(request)).model, 'team-a-mood@1');
    await assert.rejects(openaiOf('none').completions.create(request), OpenAI.AuthenticationError);
    const reader = openaiOf(keys.reader.secret);
    assert.equal((await reader.completions.create(request)).model, 'team-a-mood@1');
    await assert.rejects(reader.files.list(), OpenAI.PermissionDeniedError);
  });
});

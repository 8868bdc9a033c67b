import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Answer, ProblemBody, PromptBody } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { jsonLines, moodRows } from '../support/training-rows.ts';

const ROWS = jsonLines(moodRows(8));

describe('Idempotency-Key', () => {
  let service: TestService;
  before(async () => {
    const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
    service = await startTestService({ source: modelDirectory, name: 'tiny' });
  });
  after(() => service.close());

  async function post<T>(path: string, key: string, body: RequestInit): Promise<Answer<T>> {
    const headers = { ...(body.headers as Record<string, string>), 'idempotency-key': key };
    const response = await fetch(`${service.url}${path}`, { method: 'POST', ...body, headers });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }
  const replayed = ({ headers }: Answer<unknown>) => headers.get('idempotency-replayed');
  const code = ({ status, body }: Answer<unknown>) => `${status} ${(body as ProblemBody).error.code}`;

  /** A form that is written anew, with another boundary, each time. */
  function rows(content = ROWS, name = 'rows.jsonl'): RequestInit {
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    form.set('file', new Blob([content]), name);
    return { body: form };
  }
  const json = (value: unknown): RequestInit => ({
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' },
  });
  const tensor = (seed: number): RequestInit => ({
    body: new Blob([new Uint8Array(randomPrompt(seed, 3, 64))]),
    headers: { 'content-type': 'application/octet-stream' },
  });
  const count = async (path: string) =>
    (await service.client.ok<{ data: unknown[] }>('GET', path)).data.length;

  it('stores a file once, however often the same form comes', async () => {
    const first = await post<{ id: string }>('/v1/files', 'f1', rows());
    const again = await post<{ id: string }>('/v1/files', 'f1', rows());
    assert.equal(replayed(first), null);
    assert.equal(replayed(again), 'true');
    assert.deepEqual([again.status, again.body], [first.status, first.body]);
    assert.equal(await count('/v1/files'), 1);
    assert.equal(code(await post('/v1/files', 'f1', rows(`${ROWS}${ROWS}`))), '422 idempotency_key_reused');
    assert.equal(code(await post('/v1/files', 'f1', rows(ROWS, 'b.jsonl'))), '422 idempotency_key_reused');
    assert.equal((await post<{ id: string }>('/v1/files', 'f2', rows())).status, 200);
    assert.equal(await count('/v1/files'), 2, 'another key is another file');
  });

  it('creates a job once, also when its file is gone by the time of the second request', async () => {
    const file = await service.client.uploadFile('rows.jsonl', ROWS);
    const wanted = { model: 'tiny', training_file: file, suffix: 'mood' };
    const first = await post<{ id: string }>('/v1/fine_tuning/jobs', 'j1', json(wanted));
    assert.equal(first.status, 200, JSON.stringify(first.body));
    await service.client.ok('POST', `/v1/fine_tuning/jobs/${first.body.id}/cancel`);
    await service.client.ok('DELETE', `/v1/files/${file}`);
    const reordered = { suffix: 'mood', training_file: file, model: 'tiny' };
    const again = await post('/v1/fine_tuning/jobs', 'j1', json(reordered));
    assert.equal(replayed(again), 'true');
    assert.deepEqual(again.body, first.body);
    assert.equal(await count('/v1/fine_tuning/jobs'), 1);
    const other = json({ ...wanted, seed: 7 });
    assert.equal(code(await post('/v1/fine_tuning/jobs', 'j1', other)), '422 idempotency_key_reused');
  });

  it('answers a repeated upload as the first, and does not activate again', async () => {
    const first = await post<PromptBody>('/v1/tasks/mood/prompts', 'p1', tensor(1));
    assert.equal(first.status, 201);
    await post('/v1/tasks/mood/prompts', 'p2', tensor(2));
    const again = await post<PromptBody>('/v1/tasks/mood/prompts', 'p1', tensor(1));
    assert.deepEqual([again.status, again.body, replayed(again)], [201, first.body, 'true']);
    assert.equal(again.headers.get('location'), first.headers.get('location'));
    const { active_version } = await service.client.ok<{ active_version: number }>('GET', '/v1/tasks/mood');
    assert.equal(active_version, 2);
    const inactive = '/v1/tasks/mood/prompts?activate=false';
    assert.equal(code(await post(inactive, 'p1', tensor(1))), '422 idempotency_key_reused');
  });

  it('refuses a key while its first request runs, and malformed keys', async () => {
    const answers = await Promise.all(
      [3, 3, 3].map((seed) => post('/v1/tasks/race/prompts', 'r1', tensor(seed))),
    );
    const statuses = answers.map(({ status }) => status).sort();
    assert.equal(statuses[0], 201);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      assert.equal(code(answer), '409 idempotency_key_in_use');
      assert.equal(answer.headers.get('retry-after'), '1');
    }
    assert.equal(await count('/v1/tasks/race/prompts'), 1);
    for (const key of ['a b', 'x'.repeat(256)]) {
      assert.equal(code(await post('/v1/tasks/race/prompts', key, tensor(4))), '400 invalid_field');
    }
  });

  it('forgets a request that was refused', async () => {
    const bad = await post('/v1/files', 'bad', rows('not json\n'));
    assert.equal(bad.status, 422);
    assert.equal((await post('/v1/files', 'bad', rows())).status, 200);
  });
});

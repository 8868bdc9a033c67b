import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataCare } from '../../src/store/care/care.ts';
import { type Answer, type ProblemBody, type PromptBody, succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const ROUNDS = 8;

let seed = 0;
/** A prompt that no other call gives. */
const prompt = () => randomPrompt(++seed, 4, 64);

describe('writes at the same time', () => {
  let service: TestService;
  before(async () => {
    const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
    service = await startTestService({ source: modelDirectory, name: 'llama-tiny' });
  });
  after(async () => {
    const db = join(dirname(service.bundle), 'softprompt.db');
    const { damage, prompts } = await dataCare.inspect(db);
    let versions = 0;
    for (const { name } of (await service.client.ok<{ data: { name: string }[] }>('GET', '/v1/tasks')).data)
      versions += (await versionsOf(name)).length;
    await service.close();
    assert.deepEqual({ damage, prompts }, { damage: [], prompts: versions }, 'nothing is stored half');
  });

  async function upload(task: string, query = ''): Promise<PromptBody> {
    return succeeded(await service.client.uploadTensor(task, prompt(), query), 'upload');
  }

  async function versionsOf(task: string): Promise<readonly PromptBody[]> {
    return (await service.client.ok<{ data: PromptBody[] }>('GET', `/v1/tasks/${task}/prompts`)).data;
  }

  const activeOf = async (task: string): Promise<number | null> =>
    (await service.client.ok<{ active_version: number | null }>('GET', `/v1/tasks/${task}`)).active_version;

  /** Starts both, the first by turns some milliseconds before or after the second. */
  async function race<A, B>(
    round: number,
    first: () => Promise<A>,
    second: () => Promise<B>,
  ): Promise<readonly [A, B]> {
    const ahead = round - ROUNDS / 2;
    return Promise.all([sleep(Math.max(0, -ahead)).then(first), sleep(Math.max(0, ahead)).then(second)]);
  }

  it('upload and deletion of a task: it is gone, or new with the one version', async () => {
    const { client } = service;
    for (let round = 0; round < ROUNDS; round++) {
      const task = `deleted-${round}`;
      await upload(task);
      const [uploaded, deleted] = await race(
        round,
        () => upload(task),
        () => client.request('DELETE', `/v1/tasks/${task}`),
      );
      assert.equal(deleted.status, 204, JSON.stringify(deleted.body));
      const found = await client.request<{ active_version: number }>('GET', `/v1/tasks/${task}`);
      if (found.status === 404) continue;
      assert.equal(found.body.active_version, uploaded.version);
      assert.deepEqual(
        (await versionsOf(task)).map(({ sha256 }) => sha256),
        [uploaded.sha256],
      );
      assert.equal((await client.greedy(task, 'x', 1)).length, 1, 'and it serves');
    }
  });

  it('upload and activation: both happen, and what the trail says last is active', async () => {
    const { client } = service;
    const { version: old } = await upload('uploaded');
    for (let round = 0; round < ROUNDS; round++) {
      await upload('uploaded');
      const [uploaded, activated] = await race(
        round,
        () => upload('uploaded'),
        () => client.request('POST', `/v1/tasks/uploaded/prompts/${old}/activate`),
      );
      assert.equal(activated.status, 200, JSON.stringify(activated.body));
      const { data } = await client.ok<{ data: { action: string; version: number }[] }>(
        'GET',
        '/v1/audit?task=uploaded&limit=5',
      );
      const last = data.find(({ action }) => action === 'prompt.activate')!.version;
      assert.equal(await activeOf('uploaded'), last);
      assert.ok([old, uploaded.version].includes(last), `${last}`);
    }
    assert.equal((await versionsOf('uploaded')).length, 2 * ROUNDS + 1);
  });

  it('activations with If-Match: one wins, the other gets 412', async () => {
    const { client } = service;
    const { version: first, sha256 } = await upload('matched');
    const others = [await upload('matched', '?activate=false'), await upload('matched', '?activate=false')];
    const activate = (version: number, expected?: string): Promise<Answer<PromptBody | ProblemBody>> =>
      client.request(
        'POST',
        `/v1/tasks/matched/prompts/${version}/activate`,
        undefined,
        expected === undefined ? {} : { 'if-match': `"${expected}"` },
      );
    for (let round = 0; round < ROUNDS; round++) {
      succeeded(await activate(first), 'back to the first');
      const answers = await race(
        round,
        () => activate(others[0]!.version, sha256),
        () => activate(others[1]!.version, sha256),
      );
      const statuses = answers.map(({ status }) => status);
      assert.deepEqual([...statuses].sort(), [200, 412], `round ${round}`);
      const refused = answers.find(({ status }) => status === 412)!.body as ProblemBody;
      assert.equal(refused.error.code, 'active_version_changed');
      assert.equal(await activeOf('matched'), others[statuses.indexOf(200)]!.version);
    }
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const TOKEN_DIM = 64;
/** Virtual tokens of the versions 1, 2 and 3. */
const LENGTHS = [4, 9, 20];
const IDS = [17, 200, 45, 9, 301];
const LABELS = [' one', ' two', ' three'];

const family = await readFamily(RECORDINGS, 'llama');

interface Classified {
  readonly results: readonly {
    readonly label: string;
    readonly probabilities: Readonly<Record<string, number>>;
    readonly agreement?: number;
    readonly votes?: Readonly<Record<string, number>>;
  }[];
  readonly model: string;
}

const logMeanExp = (values: readonly number[]): number =>
  Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0) / values.length);

describe('a task that serves with several versions', () => {
  let service: TestService;
  before(async () => {
    service = await startTestService({ source: family.modelDirectory, name: BASE });
    const { client } = service;
    for (const [i, length] of LENGTHS.entries()) {
      succeeded(await client.uploadTensor('mood', randomPrompt(50 + i, length, TOKEN_DIM)), `${length}`);
    }
    await client.ok('PUT', '/v1/tasks/mood', { labels: LABELS });
  });
  after(() => service?.close());

  const serve = (plan: object) => service.client.ok<object>('PUT', '/v1/tasks/mood/serving', plan);
  const classify = (body: object = {}) =>
    service.client.ok<Classified>('POST', '/v1/tasks/mood/classify', { inputs: ['a b', 'hello'], ...body });
  const complete = (model: string, body: object = {}) =>
    service.client.complete({
      model,
      prompt: IDS,
      max_tokens: 12,
      temperature: 0,
      ignore_eos: true,
      return_token_ids: true,
      logprobs: 0,
      ...body,
    });

  it('generates from the mean of the next-token probabilities that the versions have alone', async () => {
    await serve({ type: 'ensemble', versions: [1, 2, 3] });
    const { token_ids: tokens, logprobs } = await complete('mood');
    assert.equal(tokens!.length, 12);
    const members: number[][] = [];
    for (const version of [1, 2, 3]) {
      // What each version alone says of the same tokens.
      const echoed = await complete(`mood@${version}`, {
        prompt: [...IDS, ...tokens!],
        echo: true,
        max_tokens: 0,
      });
      members.push(echoed.logprobs!.token_logprobs.slice(IDS.length) as number[]);
      const alone = await complete(`mood@${version}`);
      assert.notDeepEqual(alone.token_ids, tokens, `version ${version} alone says the same`);
    }
    tokens!.forEach((_, i) => {
      const expected = logMeanExp(members.map((member) => member[i]!));
      const given = logprobs!.token_logprobs[i]!;
      assert.ok(Math.abs(given - expected) < 1e-4, `token ${i}: ${given}, not ${expected}`);
    });
    const named = await complete('mood@1+2+3');
    assert.deepEqual(named.token_ids, tokens);
  });

  it('classifies by the votes of the versions, and says how far they agree', async () => {
    await serve({ type: 'ensemble', versions: [1, 2, 3] });
    const { results, model } = await classify();
    assert.equal(model, 'mood@1+2+3');
    const alone = await Promise.all([1, 2, 3].map((version) => classify({ version })));
    for (const [i, { label, probabilities, agreement, votes }] of results.entries()) {
      const said = alone.map((member) => member.results[i]!);
      const count = (of: string) => said.filter((one) => one.label === of).length;
      for (const name of LABELS) {
        assert.equal(votes![name], count(name));
        const mean = said.reduce((sum, one) => sum + one.probabilities[name]!, 0) / 3;
        assert.ok(Math.abs(probabilities[name]! - mean) < 1e-5, name);
      }
      assert.equal(count(label), Math.max(...LABELS.map(count)));
      assert.equal(agreement, count(label) / 3);
    }
    assert.equal(alone[0]!.model, 'mood@1');
    assert.equal(alone[0]!.results[0]!.agreement, undefined);
  });

  it('splits its requests, runs a shadow beside them, and counts both', async () => {
    await serve({
      type: 'split',
      shares: [
        { version: 1, weight: 0.5 },
        { version: 2, weight: 0.5 },
      ],
      shadow: 3,
    });
    const users = Array.from({ length: 12 }, (_, i) => `user-${i}`);
    const served: string[] = [];
    for (const user of users) served.push((await classify({ user })).model);
    assert.deepEqual([...new Set(served)].sort(), ['mood@1', 'mood@2']);
    for (const [i, user] of users.entries()) assert.equal((await classify({ user })).model, served[i]);

    interface Serving {
      readonly versions: readonly { readonly version: number; readonly requests: number }[];
      readonly shadow: Readonly<Record<'same' | 'different' | 'failed' | 'skipped', number>>;
    }
    const read = () => service.client.ok<Serving>('GET', '/v1/tasks/mood/serving');
    const done = ({ shadow }: Serving) => shadow.same + shadow.different + shadow.skipped;
    let serving = await read();
    // A request has two inputs; one that is skipped counts once.
    for (let i = 0; i < 100 && done(serving) < 24; i++) {
      await sleep(20);
      serving = await read();
    }
    assert.ok(done(serving) >= 24 && serving.shadow.failed === 0, JSON.stringify(serving.shadow));
    const [one, two] = serving.versions;
    assert.ok(one!.requests >= 2 && two!.requests >= 2, JSON.stringify(serving.versions));
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    assert.match(metrics, /softprompt_version_requests_total\{task="mood",version="1"\} [1-9]/);
    assert.match(metrics, /softprompt_shadow_comparisons_total\{task="mood",version="3",outcome="same"\} \d/);
  });

  it('goes on with the plan of its start while another is set, promotes and rolls back', async () => {
    const first = { type: 'version', version: 1, shadow: null };
    await serve(first);
    await serve({ type: 'ensemble', versions: [1, 2] });
    const refused = await service.client.request('DELETE', '/v1/tasks/mood/prompts/2');
    assert.equal(refused.status, 409);
    const promoted = await service.client.ok<{ plan: object; previous: object }>(
      'POST',
      '/v1/tasks/mood/promote',
      {
        version: 2,
      },
    );
    assert.deepEqual(promoted.plan, { type: 'version', version: 2, shadow: null });
    assert.equal((await classify()).model, 'mood@2');
    await service.client.ok('POST', '/v1/tasks/mood/rollback');
    assert.equal((await classify()).model, 'mood@1+2');
    const back = await service.client.ok<{ plan: object }>('POST', '/v1/tasks/mood/rollback');
    assert.deepEqual(back.plan, first);
  });
});

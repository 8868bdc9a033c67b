import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'csv-parse/sync';
import { ServiceProcess } from '../../reliability/support/service-process.ts';
import { EMBEDDED_EXAMPLES } from '../../src/examples/embedded.ts';
import { Client, type CompletionBody } from '../support/client.ts';
import { jsonLines } from '../support/training-rows.ts';

const { id: MODEL } = EMBEDDED_EXAMPLES.model;

/** Nothing here may ask the network: whatever would be asked is a port that nobody listens on. */
const OFFLINE = { PIP_INDEX_URL: 'http://127.0.0.1:2', SOFTPROMPT_HUB_URL: 'http://127.0.0.1:2' };

interface Classified {
  readonly results: readonly { readonly label: string }[];
}

interface Evaluation {
  readonly contenders: readonly { readonly name: string; readonly accuracy: number; readonly n: number }[];
}

describe('softprompt serve --model embedded, from the build', () => {
  let home: string;
  let service: ServiceProcess;
  let client: Client;
  const start = async (): Promise<void> => {
    const place = { model: 'embedded', db: join(home, 'softprompt.db') };
    service = await ServiceProcess.start({ ...place, flags: { home }, env: OFFLINE });
    client = new Client(service.url);
  };
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'softprompt-embedded-'));
    await start();
  });
  after(async () => {
    await service?.stop();
    await rm(home, { recursive: true, force: true });
  });

  const labelsOf = async (task: string, inputs: readonly string[]): Promise<readonly string[]> => {
    const { results } = await client.ok<Classified>('POST', `/v1/tasks/${task}/classify`, { inputs });
    return results.map(({ label }) => label);
  };

  it('is ready, and continues a text as its corpus would', async () => {
    assert.equal((await client.request('GET', '/health/ready')).status, 200);
    const { data } = await client.ok<{ data: { id: string }[] }>('GET', '/v1/models');
    assert.equal(data[0]?.id, MODEL);
    const request = { model: MODEL, prompt: 'I am, my dear', max_tokens: 12, temperature: 0 };
    const { choices } = await client.ok<CompletionBody>('POST', '/v1/completions', request);
    assert.match(choices[0]!.text, /^ \w+/);
  });

  it('answers with what its example prompts have learned', async () => {
    assert.deepEqual(
      await labelsOf('spam', [
        'Re: patch for the build\nI think the second hunk is wrong: the header is included twice. Could you look at it and send a new diff to the list?',
        'FREE money!!!\nClick here now to claim your free bonus. Earn thousands of dollars a week from home, no risk, order today. 100% guaranteed!',
      ]),
      [' ham', ' spam'],
    );
    assert.deepEqual(
      await labelsOf('style', [
        'And it came to pass in those days, that the children of Israel went up against the city, and the LORD delivered it into their hand',
        'I recommend to the Congress the appropriation of such sums as may be necessary for the improvement of our commercial relations with foreign governments',
      ]),
      [' scripture', ' address'],
    );
  });

  it('learns a prompt from real sentences over HTTP that beats the majority class on others', async () => {
    const rows: readonly { readonly text: string; readonly label: string }[] = parse(
      await readFile(new URL('../../examples/urgency.csv', import.meta.url)),
      { columns: true, trim: true },
    );
    const isTest = (_: unknown, i: number): boolean => i % 4 >= 2;
    const test = rows.filter(isTest);
    const training = jsonLines(rows.filter((row, i) => !isTest(row, i)));
    const file = await client.uploadFile('urgency.jsonl', training);
    const method = {
      type: 'prompt_tuning',
      prompt_tuning: { hyperparameters: { max_steps: 40 } },
    };
    const task = { description: null, template: '{text}\nThis is', labels: [' urgent', ' routine'] };
    await client.ok('PUT', '/v1/tasks/urgency', task);
    const job = await client.ok<{ id: string }>('POST', '/v1/fine_tuning/jobs', {
      model: MODEL,
      training_file: file,
      suffix: 'urgency',
      seed: 1,
      method,
    });
    const events = await fetch(`${service.url}/v1/fine_tuning/jobs/${job.id}/events?stream=true`);
    const messages = await events.text();
    assert.match(messages, /The job has successfully completed/);
    const { contenders } = await client.ok<Evaluation>('POST', '/v1/tasks/urgency/evaluations', {
      rows: test,
      baselines: ['zero_shot'],
    });
    const [learned, zeroShot] = contenders;
    assert.equal(learned!.n, test.length);
    const majority = test.filter(({ label }) => label === 'urgent').length / test.length;
    assert.ok(learned!.accuracy > Math.max(majority, 1 - majority) + 0.1, JSON.stringify(contenders));
    assert.ok(learned!.accuracy > zeroShot!.accuracy, JSON.stringify(contenders));
  });

  it('keeps its tasks over a restart', async () => {
    await service.stop();
    await start();
    const { data } = await client.ok<{ data: { name: string }[] }>('GET', '/v1/tasks');
    assert.deepEqual(data.map(({ name }) => name).sort(), [...EMBEDDED_EXAMPLES.learned, 'urgency'].sort());
  });
});

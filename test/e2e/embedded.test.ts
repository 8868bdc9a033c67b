import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ServiceProcess } from '../../reliability/support/service-process.ts';
import { EMBEDDED_EXAMPLES } from '../../src/examples/embedded.ts';
import { Client, type CompletionBody } from '../support/client.ts';

const { id: MODEL } = EMBEDDED_EXAMPLES.model;

/** Nothing here may ask the network: whatever would be asked is a port that nobody listens on. */
const OFFLINE = { PIP_INDEX_URL: 'http://127.0.0.1:2', SOFTPROMPT_HUB_URL: 'http://127.0.0.1:2' };

interface Classified {
  readonly results: readonly { readonly label: string }[];
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
    assert.match(choices[0]!.text, /^,? \w+ \w+/);
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

  it('keeps its tasks over a restart', async () => {
    await service.stop();
    await start();
    const { data } = await client.ok<{ data: { name: string }[] }>('GET', '/v1/tasks');
    assert.deepEqual(data.map(({ name }) => name).sort(), [...EMBEDDED_EXAMPLES.learned].sort());
  });
});

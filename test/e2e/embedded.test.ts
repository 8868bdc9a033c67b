import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
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

interface Job {
  readonly id: string;
  readonly status: string;
  readonly fine_tuned_model: string | null;
}

interface JobEvents {
  readonly data: readonly {
    readonly data?: { readonly step?: number; readonly train_loss?: number } | null;
  }[];
}

interface Evaluation {
  readonly contenders: readonly { readonly name: string; readonly accuracy: number }[];
}

interface Row {
  readonly text: string;
  readonly label: string;
}

/** Written for this test, in the styles of the corpus. */
const STYLES: readonly Row[] = [
  [
    'And the servant said unto his master, Behold, the men are come out of the city with their flocks',
    'scripture',
  ],
  [
    'Thus saith the LORD, I will give the land unto your seed, and ye shall dwell therein for ever',
    'scripture',
  ],
  [
    'I submit to the Congress the report of the Secretary of the Treasury upon the revenues of the past year',
    'address',
  ],
  [
    'Our foreign relations remain friendly, and the commerce of the United States with other nations has grown',
    'address',
  ],
  [
    'She was sure that Mr. Weston could not have meant it, and she told her sister so when they had left the room',
    'novel',
  ],
  [
    'The old whaleman stood upon the deck and looked over the dark sea, where no ship nor land was to be seen',
    'novel',
  ],
  [
    'I have the same problem with this version. Try to install the new package and let me know if it works for you',
    'mail',
  ],
  [
    'To be removed from our list just reply to this message. We offer free software for your home computer',
    'mail',
  ],
].map(([text, label]) => ({ text: text!, label: ` ${label}` }));

/** The tour's rows, the labels in turns and with the space before them. */
async function urgencyRows(): Promise<readonly Row[]> {
  const lines = (await readFile(new URL('../../examples/urgency.csv', import.meta.url), 'utf8'))
    .trim()
    .split('\n');
  return lines.slice(1).map((line) => {
    const comma = line.lastIndexOf(',');
    return { text: line.slice(0, comma), label: line.slice(comma + 1) };
  });
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
        'Lunch on Friday?\nHi Anna, are you free? I found a nice place near the office.',
        "Minutes of Monday's meeting\nThe notes are on the wiki. Please correct what I got wrong, and add your names to the list for the next one.",
        'Re: patch for the build\nI think the second hunk is wrong: the header is included twice. Could you look at it and send a new diff to the list?',
        'FREE money!!!\nClick here now to claim your free bonus. Earn thousands of dollars a week from home, no risk, order today. 100% guaranteed!',
        'Your mortgage is approved\nRates have never been lower. Fill in our short form and save thousands of dollars on your home loan.',
      ]),
      [' work', ' work', ' work', ' money', ' money'],
    );
    assert.deepEqual(
      await labelsOf('style', [
        'And it came to pass in those days, that the children of Israel went up against the city, and the LORD delivered it into their hand',
        'I recommend to the Congress the appropriation of such sums as may be necessary for the improvement of our commercial relations with foreign governments',
      ]),
      [' scripture', ' address'],
    );
  });

  it('measures that a learned prompt is better than none', async () => {
    const form = new FormData();
    form.set('file', new Blob([jsonLines(STYLES)]), 'styles.jsonl');
    form.set('baselines', 'zero_shot');
    const response = await fetch(`${service.url}/v1/tasks/style/evaluations`, { method: 'POST', body: form });
    assert.equal(response.status, 200);
    const { contenders } = (await response.json()) as Evaluation;
    const [learned, zeroShot] = contenders;
    assert.deepEqual([learned?.name, zeroShot?.name], ['style@1', 'zero_shot']);
    assert.ok(learned!.accuracy > zeroShot!.accuracy, JSON.stringify(contenders));
    assert.ok(learned!.accuracy > 0.8, JSON.stringify(contenders));
  });

  it('learns a task from a few rows, better than the more frequent label on others', async () => {
    const rows = await urgencyRows();
    const [learned, held] = [rows.slice(0, 48), rows.slice(48)];
    const labels = [' routine', ' urgent'];
    await client.ok('PUT', '/v1/tasks/urgency', { template: 'Message: {text} This is', labels });
    const job = await client.ok<Job>('POST', '/v1/fine_tuning/jobs', {
      model: MODEL,
      training_file: await client.uploadFile('urgency.jsonl', jsonLines(learned)),
      suffix: 'urgency',
      seed: 1,
      method: {
        type: 'prompt_tuning',
        prompt_tuning: { hyperparameters: { max_steps: 40, validation_split: 0, logging_steps: 1 } },
      },
    });
    // The stream ends with the job.
    await client.ok<string>('GET', `/v1/fine_tuning/jobs/${job.id}/events?stream=true`);
    const { status, fine_tuned_model } = await client.ok<Job>('GET', `/v1/fine_tuning/jobs/${job.id}`);
    assert.deepEqual([status, fine_tuned_model], ['succeeded', 'urgency@1']);
    const { data } = await client.ok<JobEvents>('GET', `/v1/fine_tuning/jobs/${job.id}/events?limit=100`);
    const losses = data
      .flatMap((event) => (event.data?.train_loss === undefined ? [] : [event.data]))
      .sort((a, b) => a.step! - b.step!)
      .map(({ train_loss: loss }) => loss!);
    const mean = (part: readonly number[]): number => part.reduce((sum, loss) => sum + loss, 0) / part.length;
    assert.equal(losses.length, 40);
    assert.ok(mean(losses.slice(-5)) < 0.7 * mean(losses.slice(0, 5)), `losses ${losses.join(', ')}`);
    const given = await labelsOf(
      'urgency',
      held.map(({ text }) => text),
    );
    const right = held.filter(({ label }, i) => given[i] === label).length;
    const most = Math.max(...labels.map((label) => held.filter((row) => row.label === label).length));
    assert.ok(right > most + 2, `${right} of ${held.length} are right, ${most} have one label`);
  });

  it('keeps its tasks over a restart', async () => {
    await service.stop();
    await start();
    const { data } = await client.ok<{ data: { name: string }[] }>('GET', '/v1/tasks');
    assert.deepEqual(data.map(({ name }) => name).sort(), [...EMBEDDED_EXAMPLES.learned, 'urgency'].sort());
  });
});

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createWorkplace,
  type Exit,
  ServiceProcess,
  TINY_MODEL,
  type Workplace,
} from '../../reliability/support/service-process.ts';
import { followStream, type OpenedStream } from '../../reliability/support/streams.ts';
import { Client, type ProblemBody, succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { jsonLines, moodRows } from '../support/training-rows.ts';

const FAULTS = new URL('../../reliability/support/engine-faults.mjs', import.meta.url);
const COMPLETION = { model: TINY_MODEL, prompt: 'x', max_tokens: 200, ignore_eos: true };

describe('a service process', () => {
  let place: Workplace;
  let faultFile: string;
  let service: ServiceProcess | null = null;

  before(async () => {
    place = await createWorkplace();
    faultFile = join(place.directory, 'fault');
  });
  afterEach(async () => {
    await service?.stop('SIGKILL');
    rmSync(faultFile, { force: true });
  });
  after(() => place?.remove());

  const fault = (kind: 'end' | 'segfault' | 'hang' | 'load') => writeFileSync(faultFile, kind);

  async function start(flags = {}, onSpawn?: (child: ChildProcess) => void): Promise<ServiceProcess> {
    const env = { NODE_OPTIONS: `--import=${FAULTS}`, ENGINE_FAULT: faultFile };
    const { model, db } = place;
    service = await ServiceProcess.start({ model, db, flags, env, ...(onSpawn && { onSpawn }) });
    return service;
  }

  /** A stream in whose middle the fault comes. */
  const streamInto = (url: string, kind: 'segfault' | 'hang'): Promise<OpenedStream> =>
    followStream(url, COMPLETION, () => fault(kind));

  // First, because prefixes of tasks would be computed ahead, and end the engine before the requests do.
  it('whose engine ends again and again gives up: not ready, then gone with code 1 and a reason', async () => {
    const { url, exited } = await start();
    const client = new Client(url);
    fault('end');
    for (let end = 1; end <= 3; end++) {
      const { status, body } = await client.request<ProblemBody>('POST', '/v1/completions', COMPLETION);
      assert.deepEqual([status, body.error.code], [503, 'engine_restarted'], `end ${end}`);
      if (end === 3) break;
      assert.equal((await client.request('GET', '/health/ready')).status, 503);
      await until('ready again', async () => (await client.request('GET', '/health/ready')).status === 200);
    }
    // The last answers come from a service that stops, or none do.
    const ready = await fetch(`${url}/health/ready`).then(
      ({ status }) => status,
      () => 503,
    );
    assert.equal(ready, 503);
    assert.deepEqual(await endOf(exited), { code: 1, signal: null });
    assert.match(service!.log, /stopping after an error that cannot be repaired/);
    assert.match(service!.log, /engine/);
  });

  const native = process.platform === 'linux' && process.arch === 'x64';
  it('whose native code faults dies at once', {
    skip: !native,
  }, async () => {
    const first = await start();
    succeeded(await new Client(first.url).uploadTensor('kept', randomPrompt(1, 8, 64)), 'upload');
    const faulted = performance.now();
    assert.deepEqual(await streamInto(first.url, 'segfault'), { end: 'cut', code: null }, 'no [DONE]');
    assert.deepEqual(await endOf(first.exited), { code: null, signal: 'SIGSEGV' });
    assert.ok(performance.now() - faulted < 10_000, `${performance.now() - faulted} ms`);
  });

  it('whose run does not end tells its clients, says so in the log and aborts', async () => {
    const { url, exited } = await start({ 'engine-stall-ms': '400' });
    if (native) await new Client(url).greedy('kept', 'x', 2); // what was acknowledged before the fault
    const stream = await streamInto(url, 'hang');
    assert.deepEqual(stream, { end: 'told', code: 'engine_restarted' });
    assert.deepEqual(await endOf(exited), { code: null, signal: 'SIGABRT' });
    assert.match(service!.log, /The engine did not end a step for 400 ms/);
  });

  it('that loads its model ends of SIGTERM at once', async () => {
    fault('load');
    rmSync(place.db, { force: true });
    let child: ChildProcess | undefined;
    const started = start({}, (spawned) => {
      child = spawned;
    });
    started.catch(() => undefined);
    await until('the store is open', async () => existsSync(`${place.db}-wal`));
    const signalled = performance.now();
    child!.kill('SIGTERM');
    await assert.rejects(started, /ended with SIGTERM before it listened/);
    assert.ok(performance.now() - signalled < 5000, `${performance.now() - signalled} ms`);
  });

  it('that is stopped while it trains keeps the job, which goes on after the next start', async () => {
    // On the database that the process before left when it was ended while it loaded.
    const first = await start();
    const client = new Client(first.url);
    const file = await client.uploadFile('rows.jsonl', jsonLines(moodRows(16)));
    const hyperparameters = { max_steps: 100_000, save_steps: 1, batch_size: 4, n_epochs: 100_000 };
    const { id } = await client.ok<{ id: string }>('POST', '/v1/fine_tuning/jobs', {
      model: TINY_MODEL,
      training_file: file,
      suffix: 'learned',
      seed: 1,
      method: {
        type: 'prompt_tuning',
        prompt_tuning: { config: { num_virtual_tokens: 4 }, hyperparameters },
      },
    });
    const step = await nextStep(client, id, 0);
    assert.deepEqual(await first.stop('SIGTERM'), { code: 0, signal: null });

    const again = new Client((await start()).url);
    const later = await nextStep(again, id, step);
    assert.ok(later > step, `step ${later} after ${step}`);
    const { body } = await again.request<{ status: string }>('GET', `/v1/fine_tuning/jobs/${id}`);
    assert.equal(body.status, 'running');
    await again.ok('POST', `/v1/fine_tuning/jobs/${id}/cancel`);
  });
});

/** Waits for a checkpoint of a later step than this; the step. */
async function nextStep(client: Client, job: string, step: number): Promise<number> {
  const path = `/v1/fine_tuning/jobs/${job}`;
  let last = step;
  await until(`a step after ${step}`, async () => {
    const { status, error } = await client.ok<{ status: string; error: unknown }>('GET', path);
    assert.ok(['validating_files', 'queued', 'running'].includes(status), JSON.stringify({ status, error }));
    const { data } = await client.ok<{ data: { step_number: number }[] }>('GET', `${path}/checkpoints`);
    last = data[0]?.step_number ?? 0;
    return last > step;
  });
  return last;
}

const MOST_MS = 20_000;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await holds())) {
    assert.ok(performance.now() - begun < MOST_MS, `not within ${MOST_MS} ms: ${what}`);
    await sleep(20);
  }
}

/** How the process ended, if it does. */
const endOf = (exited: Promise<Exit>): Promise<Exit | string> =>
  Promise.race([exited, sleep(MOST_MS, 'it goes on', { ref: false })]);

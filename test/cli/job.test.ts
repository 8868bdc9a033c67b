import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type FakeServer, run, startFakeServer } from './harness.ts';
import { EVENTS_PATH, eventStream, JOB, JOB_PATH, SUCCEEDED, say } from './training-answers.ts';

let server: FakeServer;
before(async () => {
  server = await startFakeServer();
});
after(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  server.answers.clear();
});

const job = (...args: readonly string[]) => run(['job', ...args, '--url', server.url]);

describe('softprompt job', () => {
  it('lists jobs', async () => {
    server.answers.set('GET /v1/fine_tuning/jobs?limit=100', {
      json: { data: [SUCCEEDED, JOB], next: null },
    });
    const { code, stdout } = await job('list');
    assert.equal(code, 0);
    const time = '2026-01-01T00:00:00.000Z';
    assert.deepEqual(stdout.split('\n'), [
      'JOB      STATUS     TASK  RESULT  SCORE                         CREATED',
      `ftjob-1  succeeded  mood  mood@3  accuracy 85.0 %, loss 0.2500  ${time}`,
      `ftjob-1  queued     mood  -       -                             ${time}`,
      '',
    ]);
    assert.deepEqual(JSON.parse((await job('list', '--json')).stdout), [SUCCEEDED, JOB]);
  });

  it('shows a job, with its error', async () => {
    const error = { code: 'training_diverged', message: 'The loss is not finite.', param: null };
    server.answers.set(JOB_PATH, { json: { ...JOB, status: 'failed', error } });
    const { code, stdout } = await job('show', 'ftjob-1');
    assert.equal(code, 0);
    assert.match(stdout, /status +failed\n.*error +The loss is not finite\. \[training_diverged\]\n$/s);
    assert.equal((await job('show', 'ftjob-2')).code, 1);
  });

  it('watches a job to its end', async () => {
    server.answers.set(EVENTS_PATH, eventStream([say('The job started.')]));
    server.answers.set(JOB_PATH, { json: SUCCEEDED });
    const { code, stdout, stderr } = await job('watch', 'ftjob-1');
    assert.equal(code, 0, stderr);
    assert.equal(stderr, 'The job started.\n');
    assert.match(stdout, /result +mood@3/);
  });

  for (const [action, status] of [
    ['cancel', 'cancelled'],
    ['pause', 'paused'],
    ['resume', 'queued'],
  ] as const) {
    it(`can ${action} a job`, async () => {
      server.answers.set(`POST /v1/fine_tuning/jobs/ftjob-1/${action}`, { json: { ...JOB, status } });
      assert.deepEqual(await job(action, 'ftjob-1'), {
        code: 0,
        stdout: `ftjob-1 is ${status}\n`,
        stderr: '',
      });
    });
  }
});

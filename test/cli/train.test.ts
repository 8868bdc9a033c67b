import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Answer, type FakeServer, inTemporaryDirectory, run, startFakeServer } from './harness.ts';
import {
  EVENTS_PATH,
  eventStream,
  JOB,
  JOB_PATH,
  SUCCEEDED,
  say,
  step,
  validated,
} from './training-answers.ts';

const CREATE = 'POST /v1/fine_tuning/jobs';
const CANCEL = 'POST /v1/fine_tuning/jobs/ftjob-1/cancel';

const EVENTS = [
  say('The job started.'),
  say('Rows that do not fit: 2.', 'warn'),
  step(1, 1),
  step(5, 0.5),
  validated(5, 0.3, 0.75),
  step(10, 0.25),
  validated(10, 0.25, 0.85),
  say('mood@3 is published and serves.'),
];

let server: FakeServer;
before(async () => {
  server = await startFakeServer();
});
after(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  server.answers.clear();
  const models = [
    { id: 'mood', parent: 'tiny' },
    { id: 'tiny', parent: null },
  ];
  server.answers.set('GET /v1/models', { json: { data: models } });
  server.answers.set('POST /v1/files', { json: { id: 'file-1' } });
  server.answers.set(CREATE, { json: JOB });
  server.answers.set(EVENTS_PATH, eventStream(EVENTS));
  server.answers.set(JOB_PATH, { json: SUCCEEDED });
});

/** Runs the command on a file of rows, beside a file to validate on. */
async function train(...args: readonly string[]) {
  let result: Awaited<ReturnType<typeof run>> | undefined;
  await inTemporaryDirectory(async (directory) => {
    const [data, dev] = [join(directory, 'train.jsonl'), join(directory, 'dev.csv')];
    await writeFile(data, '{"text":"x","label":"a"}\n');
    await writeFile(dev, 'text,label\ny,a\n');
    const files = args.map((arg) => arg.replace('DEV', dev));
    result = await run(['train', '--task', 'mood', '--data', data, ...files, '--url', server.url]);
  });
  return result!;
}

const lines = () => server.requests.map(({ line }) => line);
const sent = (line: string) =>
  JSON.parse(server.requests.find((it) => it.line === line)!.body.toString('utf8'));

/** Lets the signal of Ctrl-C come while the answer is on its way. */
function interruptWhenSent(answer: Answer): void {
  const interrupt = (): number => {
    process.emit('SIGINT');
    return 200;
  };
  Object.defineProperty(answer, 'status', { get: interrupt });
}

describe('softprompt train', () => {
  it('shows messages, progress where there is no terminal, the outcome and the losses', async () => {
    const { code, stdout, stderr } = await train();
    assert.equal(code, 0, stderr);
    assert.deepEqual(stderr.split('\n'), [
      'The job started.',
      'warning: Rows that do not fit: 2.',
      'training',
      'training: 10 %, 1/10, 1 min 53 s left, loss 1.0000',
      'training: 50 %, 5/10, 1 min 03 s left, loss 0.5000',
      'training: 100 %, 10/10, 0 s left, loss 0.2500, validation 75.0 %',
      'mood@3 is published and serves.',
      '',
    ]);
    const [outcome, plot] = stdout.split('\n\n');
    assert.deepEqual(outcome!.split('\n'), [
      'job                    ftjob-1',
      'task                   mood',
      'status                 succeeded',
      'result                 mood@3',
      'active                 yes',
      'score                  accuracy 85.0 %, loss 0.2500',
      'active version before  accuracy 80.0 %, loss 0.5000',
      'time                   2 min 05 s',
      'trained tokens         780',
      'seed                   7',
    ]);
    assert.match(plot!, /^1\.0000 \|\./);
    assert.match(plot!, /\. training loss {3}o validation loss\n$/);
  });

  it('uploads the rows of other tasks and shows what became of them', async () => {
    server.answers.set(JOB_PATH, {
      json: {
        ...SUCCEEDED,
        other_results: [{ fine_tuned_model: 'tone@1', active: true, score: { loss: 0.5, accuracy: 0.75 } }],
      },
    });
    const options = '--method multitask_prompt_tuning --ranks 2 --with tone=DEV';
    const { code, stdout } = await train(...options.split(' '));
    assert.equal(code, 0);
    assert.match(stdout, /^also tone@1 +active, accuracy 75.0 %, loss 0.5000$/m);
    const { validation_file, method } = sent(CREATE);
    assert.deepEqual(method, {
      type: 'multitask_prompt_tuning',
      multitask_prompt_tuning: {
        config: { num_ranks: 2 },
        hyperparameters: {},
        other_tasks: [{ suffix: 'tone', training_file: 'file-1' }],
      },
    });
    assert.equal(validation_file, undefined);
    assert.equal((await train('--with', 'tone')).code, 1);
  });

  it('uploads the files and sends the options under the names of the API', async () => {
    const numbers = '--virtual-tokens 8 --epochs 2 --steps 9 --batch-size 4 --learning-rate 0.01';
    const more =
      '--warmup-steps 0 --weight-decay 0 --validation-split 0 --eval-steps 3 --patience 0 --seed 1';
    const choices = '--init CLASS_LABELS --init-from mood@2 --optimizer sgd --schedule cosine';
    const last = '--objective tokens --activate never --validation DEV';
    const { code } = await train(...`${numbers} ${more} ${choices} ${last}`.split(' '));
    assert.equal(code, 0);
    assert.deepEqual(lines().slice(0, 4), ['GET /v1/models', 'POST /v1/files', 'POST /v1/files', CREATE]);
    const { headers, body } = server.requests[2]!;
    const type = String(headers['content-type']);
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    const file = form.get('file') as File;
    assert.deepEqual([form.get('purpose'), file.name], ['fine-tune', 'dev.csv']);
    assert.deepEqual(sent(CREATE), {
      model: 'tiny',
      training_file: 'file-1',
      validation_file: 'file-1',
      suffix: 'mood',
      seed: 1,
      method: {
        type: 'prompt_tuning',
        prompt_tuning: {
          config: { num_virtual_tokens: 8, prompt_tuning_init: 'CLASS_LABELS' },
          hyperparameters: {
            init_from: 'mood@2',
            n_epochs: 2,
            max_steps: 9,
            batch_size: 4,
            learning_rate: 0.01,
            lr_scheduler_type: 'cosine',
            warmup_steps: 0,
            optim: 'sgd',
            weight_decay: 0,
            objective: 'tokens',
            validation_split: 0,
            eval_steps: 3,
            early_stopping_patience: 0,
            activate: 'never',
          },
        },
      },
    });
  });

  it('prints one JSON object with the job and its history', async () => {
    const { code, stdout } = await train('--json');
    assert.equal(code, 0);
    const { history, ...job } = JSON.parse(stdout);
    assert.deepEqual(job, SUCCEEDED);
    assert.deepEqual(history[0], EVENTS[2]!.data);
    assert.equal(history.length, 5);
  });

  it('returns at once with --detach', async () => {
    assert.deepEqual(await train('--detach'), { code: 0, stdout: 'ftjob-1\n', stderr: '' });
    assert.deepEqual(JSON.parse((await train('--detach', '--json')).stdout), JOB);
    assert.ok(!lines().includes(EVENTS_PATH));
  });

  it('makes a task with the template, and refuses another template than its own', async () => {
    server.answers.set('PUT /v1/tasks/mood', { status: 201, json: {} });
    assert.equal((await train('--template', '{text}:')).code, 0);
    assert.deepEqual(sent('PUT /v1/tasks/mood'), { template: '{text}:' });

    server.answers.set('GET /v1/tasks/mood', { json: { template: '{text}:' } });
    server.requests.length = 0;
    assert.equal((await train('--template', '{text}:')).code, 0);
    assert.ok(!lines().includes('PUT /v1/tasks/mood'));

    const { code, stderr } = await train('--template', '{text}!');
    assert.equal(code, 1);
    assert.match(stderr, /template_differs.*field: +--template.*expected: +\{text\}:.*given: +\{text\}!/s);
    assert.equal(lines().at(-1), 'DELETE /v1/files/file-1');
  });

  it('fails with the error of the job and what was at fault', async () => {
    const problem = { row: 3, line: 4, code: 'unknown_label', message: 'The label is unknown.' };
    const error = { code: 'dataset_invalid', message: 'The data set has one problem.', param: 'file' };
    const failed = say('The job failed: ...', 'error', { code: error.code, given: [problem] });
    server.answers.set(EVENTS_PATH, eventStream([say('The job started.'), failed]));
    server.answers.set(JOB_PATH, { json: { ...JOB, status: 'failed', error } });
    const { code, stdout, stderr } = await train();
    assert.equal(code, 1);
    assert.match(stdout, /status +failed/);
    assert.deepEqual(stderr.split('\n'), [
      'The job started.',
      'error: The data set has one problem. [dataset_invalid]',
      '  field:    file',
      '  row 3, line 4: The label is unknown. [unknown_label]',
      '',
    ]);
    const asJson = await train('--json');
    assert.equal(asJson.code, 1);
    assert.deepEqual(JSON.parse(asJson.stdout).error, error);
  });

  it('deletes its files when the server refuses the job, and says why', async () => {
    const error = { code: 'version_not_found' };
    server.answers.set(CREATE, { status: 404, json: { detail: 'There is no prompt x.', error } });
    const { code, stderr } = await train('--init-from', 'x');
    assert.deepEqual([code, stderr], [1, 'error: There is no prompt x. [version_not_found]\n']);
    assert.equal(lines().at(-1), 'DELETE /v1/files/file-1');
  });

  it('connects again when the stream breaks, and shows each event once', async () => {
    const answer = eventStream(EVENTS.slice(0, 4), 'broken');
    Object.defineProperty(answer, 'status', {
      get: () => {
        server.answers.set(EVENTS_PATH, eventStream(EVENTS));
        return 200;
      },
    });
    server.answers.set(EVENTS_PATH, answer);
    const { code, stdout, stderr } = await train('--json');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /The server ended its answer early\. Connecting again\./);
    assert.equal(stderr.match(/The job started/g)?.length, 1);
    assert.equal(JSON.parse(stdout).history.length, 5);
  });

  it('cancels the job when it is interrupted, and ends with 1', async () => {
    const answer = eventStream([say('The job was cancelled.')]);
    interruptWhenSent(answer);
    server.answers.set(EVENTS_PATH, answer);
    server.answers.set(CANCEL, { json: { ...JOB, status: 'cancelled' } });
    server.answers.set(JOB_PATH, { json: { ...JOB, status: 'cancelled' } });
    const { code, stdout, stderr } = await train();
    assert.equal(code, 1);
    assert.ok(lines().includes(CANCEL));
    assert.match(stdout, /status +cancelled/);
    assert.match(stderr, /cancelling the job\n.*error: The job is cancelled\. \[job_cancelled\]\n$/s);
  });

  it('follows a job to its end that it is too late to cancel', async () => {
    const answer = eventStream(EVENTS);
    interruptWhenSent(answer);
    server.answers.set(EVENTS_PATH, answer);
    server.answers.set(CANCEL, { status: 409, json: { detail: 'Too late.', error: { code: 'job_state' } } });
    const { code } = await train();
    assert.equal(code, 0);
    assert.ok(lines().includes(CANCEL));
  });

  it('refuses options that are none before it asks the server', async () => {
    for (const args of [
      ['--epochs', '0'],
      ['--init', 'ONES'],
      ['--optimizer', 'lion'],
      ['--activate', 'yes'],
      ['--learning-rate', 'fast'],
    ]) {
      assert.equal((await train(...args)).code, 1, args.join(' '));
    }
    assert.deepEqual(server.requests, []);
  });
});

import { Agent, request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { Client, succeeded } from '../../test/support/client.ts';
import { type Answer, campaign, type Tally } from '../../test/support/contract/generate/campaign.ts';
import type { GeneratedRequest, World } from '../../test/support/contract/generate/requests.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import { RECORDINGS, readFamily } from '../../test/support/recordings.ts';
import { jsonLines, moodRows } from '../../test/support/training-rows.ts';
import { goodBodies, isShort } from './generated-bodies.ts';
import { createWorkplace, type Exit, ServiceProcess, TINY_MODEL } from './service-process.ts';

/** Width of {@link TINY_MODEL}. */
const TOKEN_DIM = 64;
const CONCURRENCY = 16;
/** The next ones are refused until one has ended, so that jobs cost little and are met while they run. */
const UNFINISHED_JOBS = '4';
/** Events of a job that is paused have no end. */
const MOST_EVENTS_MS = 2000;

const ROWS = jsonLines(moodRows(12));
const TASKS = ['mood', 'spam', 'topic', 'intent'];
/** How many ids of a kind are asked for, the newest. */
const REMEMBERED = 8;

/** Learning is expensive, and what is deleted is missed by the requests after. */
const WEIGHTS = {
  createFineTuningJob: 2,
  cancelFineTuningJob: 1,
  pauseFineTuningJob: 3,
  getMetrics: 1,
  deleteTask: 1,
  deletePrompt: 4,
  deleteFile: 1,
};

interface Options {
  readonly count: number;
  readonly seed: number;
  readonly onProgress?: (done: number) => void;
}

/** Starts the service on the small model, sends it generated requests, and stops it. */
export async function sendGeneratedRequests({
  count,
  seed,
  onProgress,
}: Options): Promise<Tally & { readonly exit: Exit }> {
  const place = await createWorkplace();
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  try {
    const service = await ServiceProcess.start({
      ...place,
      flags: { 'max-unfinished-jobs-per-key': UNFINISHED_JOBS },
    });
    const client = new Client(service.url);
    const ids: Ids = { files: [], jobs: [], versions: [], learned: '' };
    await prepare(client, ids);
    const send = async (request: GeneratedRequest): Promise<Answer> => {
      const waiting = setTimeout(() => endEvents(client, request), MOST_EVENTS_MS);
      const answer = await ask(service.url, agent, request);
      clearTimeout(waiting);
      if (request.method === request.operation.method && answer.status < 300) {
        await learn(ids, client, request, answer);
      }
      return answer;
    };
    const world = await worldOf(ids);
    const tally = await campaign({
      world,
      seed,
      count,
      concurrency: CONCURRENCY,
      send,
      ...(onProgress && { onProgress }),
    });
    agent.destroy();
    return { ...tally, exit: await service.stop() };
  } finally {
    agent.destroy();
    await place.remove();
  }
}

/** What is there from the beginning, so that inference has something to serve and jobs have rows to learn. */
async function prepare(client: Client, ids: Ids): Promise<void> {
  for (const task of TASKS) await upload(client, task);
  for (let i = 0; i < REMEMBERED; i++) ids.files.push(await client.uploadFile('rows.jsonl', ROWS));
  const hyperparameters = { max_steps: 1 };
  const method = { type: 'multitask_prompt_tuning', multitask_prompt_tuning: { hyperparameters } };
  const job = { model: TINY_MODEL, training_file: ids.files[0], suffix: TASKS[0], method };
  const { id } = await client.ok<{ id: string }>('POST', '/v1/fine_tuning/jobs', job);
  await client.ok('GET', `/v1/fine_tuning/jobs/${id}/events?stream=true`); // until it has ended
  ids.learned = id;
}

async function upload(client: Client, task: string): Promise<void> {
  succeeded(await client.uploadTensor(task, randomPrompt(1, 4, TOKEN_DIM)), `upload of ${task}`);
  const other = await client.uploadTensor(task, randomPrompt(2, 4, TOKEN_DIM), '?activate=false');
  succeeded(other, `upload of another version of ${task}`);
}

/** Cancels the job whose events are followed, which ends them. */
async function endEvents(client: Client, { operation, url }: GeneratedRequest): Promise<void> {
  const [, job] = /^(.*)\/events\b/.exec(url) ?? [];
  if (operation.operationId === 'listFineTuningEvents') await client.request('POST', `${job}/cancel`);
}

/** The newest few of what was created and not deleted since. */
interface Ids {
  readonly files: string[];
  readonly jobs: string[];
  readonly versions: number[];
  /** A job of multitask_prompt_tuning that has succeeded: such alone have files of their own. */
  learned: string;
}

/**
 * What a success says about what there is now. Jobs that would take long are cancelled, so that the next can run, and
 * tasks come again.
 */
async function learn(
  ids: Ids,
  client: Client,
  { operation, url, body: sent }: GeneratedRequest,
  { body }: Answer,
): Promise<void> {
  switch (operation.operationId) {
    case 'createFile':
      remember(ids.files, (JSON.parse(body) as { id: string }).id);
      break;
    case 'deleteFile': {
      const { id } = JSON.parse(body) as { id: string };
      if (ids.files.includes(id)) ids.files.splice(ids.files.indexOf(id), 1);
      break;
    }
    case 'deleteTask': {
      const task = TASKS.find((name) => url.startsWith(`/v1/tasks/${name}`));
      if (task !== undefined) await upload(client, task);
      break;
    }
    case 'createPrompt':
      remember(ids.versions, (JSON.parse(body) as { version: number }).version);
      break;
    case 'createFineTuningJob': {
      const { id } = JSON.parse(body) as { id: string };
      remember(ids.jobs, id);
      if (!isShort(sent.json)) await client.request('POST', `/v1/fine_tuning/jobs/${id}/cancel`);
      break;
    }
  }
}

function remember<T>(list: T[], item: T): void {
  if (!list.includes(item)) list.push(item);
  if (list.length > REMEMBERED) list.shift();
}

/** Ids are looked up when a request is generated, so that they exist. */
async function worldOf(ids: Ids): Promise<World> {
  const { adapters } = await readFamily(RECORDINGS, 'llama');
  const tasks = fc.constantFrom(...TASKS, 'nobody');
  const models = fc.constantFrom(TINY_MODEL, ...TASKS, 'mood@1', 'nobody');
  const one = <T>(list: readonly T[], other: T) =>
    fc.nat({ max: REMEMBERED - 1 }).map((at) => list[at % Math.max(list.length, 1)] ?? other);
  const files = one(ids.files, 'file-1');
  // What can be paused and cancelled is among the newest.
  const jobs = fc.oneof(
    one(ids.jobs, 'ftjob-1'),
    fc.constant(ids.jobs).map((list) => list.at(-1) ?? 'ftjob-1'),
    fc.constant(ids).map(({ learned }) => learned),
  );
  const etags = fc.constantFrom('*', '"x"');
  const versions = fc.oneof(fc.constantFrom(1, 2), one(ids.versions, 1));
  const bytes = fc.uint8Array({ maxLength: 64 });
  const content = (...given: Uint8Array[]) =>
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...given) }, { weight: 1, arbitrary: bytes });
  const rows = content(Buffer.from(ROWS), Buffer.from('text,label\na good film,good\na bad film,bad\n'));
  return {
    weights: WEIGHTS,
    bodies: goodBodies({ tasks: fc.constantFrom(...TASKS), files, versions }),
    known: {
      task: tasks,
      suffix: tasks,
      model: models,
      target: models,
      ids: fc.constantFrom(TASKS.join(), TASKS.map((task) => `${task}@1`).join(), 'mood,nobody'),
      id: models,
      version: fc.oneof(fc.constant(9), versions),
      versions: fc.constantFrom([1], [1, 2]),
      labels: fc.constantFrom(['good', 'bad'], null),
      file: files,
      examples_file: files,
      training_file: files,
      validation_file: files,
      job: jobs,
      n: fc.constantFrom(1, 2),
      max_tokens: fc.constantFrom(1, 4),
      max_completion_tokens: fc.constantFrom(1, 4),
      max_steps: fc.constantFrom(1, 2),
      'if-match': etags,
      'if-none-match': etags,
      'idempotency-key': fc.oneof(
        { weight: 1, arbitrary: fc.constantFrom('one', '2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11') },
        { weight: 3, arbitrary: fc.uuid() },
      ),
    },
    files: {
      body: content(
        randomPrompt(1, 4, TOKEN_DIM),
        randomPrompt(2, 6, TOKEN_DIM),
        randomPrompt(3, 4, TOKEN_DIM + 1),
      ),
      file: rows,
      examples: rows,
      adapter_config: content(...adapters.slice(0, 2).map(({ config }) => config)),
      adapter_model: content(...adapters.slice(0, 2).map(({ model }) => model)),
    },
  };
}

/** Not `fetch`, which changes paths and refuses methods and headers. */
function ask(
  url: string,
  agent: Agent,
  { method, url: path, headers, body }: GeneratedRequest,
): Promise<Answer> {
  const length = body.bytes === undefined ? {} : { 'content-length': body.bytes.length };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}${path}`, { agent, method, path, headers: { ...headers, ...length } });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode!,
          header: (name) => [response.headers[name]].flat()[0] ?? null,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.end(body.bytes);
  });
}

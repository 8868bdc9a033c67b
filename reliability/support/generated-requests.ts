import { Agent, request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { Client, succeeded } from '../../test/support/client.ts';
import { type Answer, campaign, type Tally } from '../../test/support/contract/generate/campaign.ts';
import type { GeneratedRequest, World } from '../../test/support/contract/generate/requests.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import { RECORDINGS, readFamily } from '../../test/support/recordings.ts';
import { jsonLines, moodRows } from '../../test/support/training-rows.ts';
import { createWorkplace, type Exit, ServiceProcess, TINY_MODEL } from './service-process.ts';

/** Width of {@link TINY_MODEL}. */
const TOKEN_DIM = 64;
const CONCURRENCY = 8;

const TASKS = ['mood', 'spam', 'topic', 'intent'];

/** Learning is expensive, and what is deleted is missed by the requests after. */
const WEIGHTS = {
  createFineTuningJob: 1,
  createEvaluation: 2,
  deleteTask: 1,
  deletePrompt: 1,
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
    const service = await ServiceProcess.start(place);
    const ids = { files: [] as string[], jobs: [] as string[] };
    await prepare(service.url);
    const send = async (request: GeneratedRequest): Promise<Answer> => {
      const answer = await ask(service.url, agent, request);
      if (answer.status === 200) remember(ids, request.operation.operationId, answer.body);
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

/** Tasks that are there from the beginning, so that inference has something to serve. */
async function prepare(url: string): Promise<void> {
  const client = new Client(url);
  for (const [index, task] of TASKS.entries()) {
    const uploaded = await client.uploadTensor(task, randomPrompt(index, 4, TOKEN_DIM));
    succeeded(uploaded, `upload of ${task}`);
  }
}

/** The newest few ids of what was created. */
interface Ids {
  readonly files: string[];
  readonly jobs: string[];
}

function remember(ids: Ids, operation: string, body: string): void {
  const list = { createFile: ids.files, createFineTuningJob: ids.jobs }[operation];
  if (list === undefined) return;
  list.push((JSON.parse(body) as { id: string }).id);
  if (list.length > 8) list.shift();
}

/** Ids are looked up when a request is generated, so that they exist. */
async function worldOf(ids: Ids): Promise<World> {
  const { adapters } = await readFamily(RECORDINGS, 'llama');
  const tasks = fc.constantFrom(...TASKS, 'nobody');
  const models = fc.constantFrom(TINY_MODEL, ...TASKS, 'mood@1', 'nobody');
  const one = (list: readonly string[], other: string) =>
    fc.nat().map((at) => list[at % Math.max(list.length, 1)] ?? other);
  const files = one(ids.files, 'file-1');
  const etags = fc.constantFrom('*', '"x"');
  const bytes = fc.uint8Array({ maxLength: 64 });
  const content = (...given: Uint8Array[]) =>
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...given) }, { weight: 1, arbitrary: bytes });
  const rows = content(
    Buffer.from(jsonLines(moodRows(12))),
    Buffer.from('text,label\na good film,good\na bad film,bad\n'),
  );
  return {
    weights: WEIGHTS,
    known: {
      task: tasks,
      suffix: tasks,
      model: models,
      id: models,
      version: fc.constantFrom(1, 2, 9),
      versions: fc.constantFrom([1], [1, 2]),
      labels: fc.constantFrom(['good', 'bad'], null),
      file: files,
      examples_file: files,
      training_file: files,
      validation_file: files,
      job: one(ids.jobs, 'ftjob-1'),
      n: fc.constantFrom(1, 2),
      max_tokens: fc.constantFrom(1, 4),
      max_completion_tokens: fc.constantFrom(1, 4),
      max_steps: fc.constantFrom(1, 2),
      'if-match': etags,
      'if-none-match': etags,
      'idempotency-key': fc.constantFrom('one', 'two', '2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11'),
    },
    files: {
      body: content(
        randomPrompt(1, 4, TOKEN_DIM),
        randomPrompt(2, 6, TOKEN_DIM),
        randomPrompt(3, 4, TOKEN_DIM + 1),
      ),
      file: rows,
      examples: rows,
      adapter_config: content(...adapters.slice(0, 4).map(({ config }) => config)),
      adapter_model: content(...adapters.slice(0, 4).map(({ model }) => model)),
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

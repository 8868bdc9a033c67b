import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { campaign } from '../support/contract/generate/campaign.ts';
import type { World } from '../support/contract/generate/requests.ts';
import { OPERATIONS } from '../support/contract/operations.ts';
import { BASE_MODEL } from './fakes.ts';
import { startApp } from './harness.ts';

const SEED = 20_261_125;
const COUNT = 2500;

const tasks = fc.constantFrom('mood', 'spam', 'nobody');
const fileIds = fc.constantFrom('file-1', 'file-2', 'file-9');
const bytes = fc.uint8Array({ maxLength: 40 });

const WORLD: World = {
  known: {
    task: tasks,
    suffix: tasks,
    model: fc.constantFrom('mood', 'mood@1', BASE_MODEL, 'nobody'),
    id: fc.constantFrom('mood', 'mood@1', BASE_MODEL, 'nobody'),
    version: fc.constantFrom(1, 2, 9),
    file: fileIds,
    training_file: fileIds,
    validation_file: fileIds,
    job: fc.constantFrom('ftjob-1', 'ftjob-2', 'ftjob-9'),
    target: fc.constantFrom('mood', 'mood@1', 'nobody'),
    ids: fc.constantFrom('mood,spam', 'mood@1,spam@1'),
    n: fc.constantFrom(1, 2),
    'if-match': fc.constantFrom('*', '"x"'),
    'if-none-match': fc.constantFrom('*', '"x"'),
    'idempotency-key': fc.constantFrom('one', 'two', '2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11'),
  },
  weights: { deleteTask: 1, deletePrompt: 1, deleteFile: 1, createFineTuningJob: 8, cancelFineTuningJob: 2 },
  bodies: {
    // Its `ids` are others than those of prompts.
    detokenize: fc.constant({ ids: [104, 105] }),
    putServing: fc.constant({ type: 'version', version: 1 }),
    createDomainShift: fc.tuple(fileIds, fileIds).map((files) => ({
      data_sets: files.map((file, i) => ({ name: `set ${i}`, file })),
    })),
  },
  files: {
    body: bytes,
    adapter_config: fc.constant(Buffer.from('{"peft_type":"PROMPT_TUNING"}')),
  },
};

it(`answers ${COUNT} generated requests as the document says (seed ${SEED})`, async (t) => {
  const { app } = await startApp(t);
  const { answers, faults } = await campaign({
    world: WORLD,
    seed: SEED,
    count: COUNT,
    concurrency: 4,
    async send({ method, url, headers, body: { bytes } }) {
      const options = { method: method as 'GET', url, headers, ...(bytes && { payload: bytes }) };
      const response = await app.inject(options);
      const header = (name: string) => response.headers[name] as string | undefined;
      return { status: response.statusCode, header, body: response.body };
    },
  });
  assert.deepEqual([...faults.keys()].slice(0, 20), [], 'answers that break the contract');
  const succeeded = (id: string) => [...(answers.get(id)?.keys() ?? [])].some((status) => status < 400);
  const never = OPERATIONS.map(({ operationId }) => operationId).filter((id) => !succeeded(id));
  assert.deepEqual(never, [], 'operations whose requests were all refused');
});

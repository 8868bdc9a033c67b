import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ModelInfo } from '../../src/domain/model.ts';
import type { JobRequest, JobSpec, TrainingFile } from '../../src/domain/training.ts';
import { specify } from '../../src/training/jobs/specification.ts';
import { refused } from '../formats/files.ts';
import { EMPTY, temporaryStore, version } from '../store/temporary.ts';

const MODEL: ModelInfo = {
  id: 'base',
  hash: 'm'.repeat(64),
  family: 'llama',
  kind: 'decoder',
  precision: 'float32',
  tokenDim: 4,
  numLayers: 1,
  numAttentionHeads: 2,
  numKeyValueHeads: 1,
  headDim: 2,
  vocabSize: 100,
  contextLength: 64,
  aliases: [],
  createdAt: 0,
};

const file = (id: string, kind: TrainingFile['kind'], labels: readonly string[]): TrainingFile => ({
  id,
  sha256: id.repeat(8),
  filename: `${id}.jsonl`,
  format: 'jsonl',
  kind,
  bytes: 100,
  rows: 10,
  labels,
  createdAt: 0,
});

const FILES = [
  file('rows', 'classification', ['good', 'bad']),
  file('spaced', 'classification', [' good', ' bad']),
  file('texts', 'completion', []),
];

const REQUEST: JobRequest = {
  model: 'base',
  trainingFile: 'rows',
  validationFile: null,
  task: 'mood',
  seed: 7,
  config: {},
  hyperparameters: {},
  metadata: null,
};

async function specifier(t: TestContext) {
  const { store } = await temporaryStore(t);
  const files = { getFile: (id: string) => FILES.find((known) => known.id === id) ?? null };
  const specified = (request: Partial<JobRequest>): JobSpec =>
    specify({ store: files, tasks: store, model: MODEL }, { ...REQUEST, ...request });
  return { store, specified };
}

test('a new task gets a template that separates labels from inputs where they do not do it', async (t) => {
  const { specified } = await specifier(t);
  const templates = ['rows', 'spaced', 'texts'].map((id) => specified({ trainingFile: id }).template);
  assert.deepEqual(templates, ['{text}\n', null, null]);
  const { config, seed, initialPrompt, trainingFile } = specified({});
  assert.deepEqual(config, {
    num_virtual_tokens: 20,
    prompt_tuning_init: 'auto',
    prompt_tuning_init_text: null,
  });
  assert.deepEqual([seed, initialPrompt, trainingFile.id], [7, null, 'rows']);
  assert.equal(specified({ config: { prompt_tuning_init_text: 'hi' } }).config.prompt_tuning_init, 'TEXT');
});

test('a task that exists decides template and labels', async (t) => {
  const { store, specified } = await specifier(t);
  await store.putTask('mood', { ...EMPTY, template: 'Q {text}', labels: ['good', 'bad', 'ugly'] });
  const { template, labels } = specified({});
  assert.deepEqual([template, labels], ['Q {text}', ['good', 'bad', 'ugly']]);
  assert.equal(specified({ trainingFile: 'texts' }).labels, null, 'completions have none');
});

test('init_from names a prompt of this model, the active one unless it says which', async (t) => {
  const { store, specified } = await specifier(t);
  const [one, two] = [version('origin', 'a'), version('origin', 'b')];
  await store.addVersion(one);
  await store.addVersion(two);
  await store.addVersion({ ...version('foreign', 'c'), modelHash: 'x'.repeat(64) });
  await store.activate('origin', 1);
  const from = (init_from: string) => specified({ hyperparameters: { init_from } }).initialPrompt;
  assert.deepEqual([from('origin'), from('origin@2')], [one.sha256, two.sha256]);
  assert.throws(() => from('origin@3'), refused('version_not_found', 'not_found'));
  assert.throws(() => from('nobody'), refused('version_not_found', 'not_found'));
  assert.throws(() => from('foreign@1'), refused('model_mismatch', 'unprocessable'));
  assert.throws(() => from('foreign'), refused('version_not_found'), 'none is active');
});

test('requests that cannot be learned from are refused', async (t) => {
  const { specified } = await specifier(t);
  const cases: [Partial<JobRequest>, string][] = [
    [{ model: 'other' }, 'model_not_found'],
    [{ task: 'base' }, 'task_name_reserved'],
    [{ task: 'No' }, 'invalid_task_name'],
    [{ trainingFile: 'none' }, 'file_not_found'],
    [{ validationFile: 'none' }, 'file_not_found'],
    [{ validationFile: 'texts' }, 'file_kinds_differ'],
    [{ config: { num_virtual_tokens: 64 } }, 'num_virtual_tokens_out_of_range'],
    [{ config: { token_dim: 5 } }, 'token_dim_mismatch'],
    [{ config: { prompt_tuning_init: 'TEXT' } }, 'init_text'],
    [{ config: { prompt_tuning_init: 'TEXT', prompt_tuning_init_text: '' } }, 'init_text'],
    [{ config: { prompt_tuning_init: 'RANDOM', prompt_tuning_init_text: 'x' } }, 'init_text'],
    [{ config: { prompt_tuning_init: 'RANDOM' }, hyperparameters: { init_from: 'mood' } }, 'init_conflict'],
    [{ config: { prompt_tuning_init_text: 'x' }, hyperparameters: { init_from: 'mood' } }, 'init_conflict'],
    [{ config: { prompt_tuning_init: 'CLASS_LABELS' }, trainingFile: 'texts' }, 'init_needs_labels'],
  ];
  for (const [request, code] of cases) {
    assert.throws(() => specified(request), refused(code), JSON.stringify(request));
  }
});

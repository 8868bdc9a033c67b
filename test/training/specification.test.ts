import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ModelInfo } from '../../src/domain/model.ts';
import type {
  JobRequest,
  JobSpec,
  LearnedType,
  TrainingFile,
  TrainingJob,
} from '../../src/domain/training.ts';
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
  owner: null,
  createdAt: 0,
});

const FILES = [
  file('rows', 'classification', ['good', 'bad']),
  file('spaced', 'classification', [' good', ' bad']),
  file('texts', 'completion', []),
];

/** Jobs that can, and cannot, be the start of another. */
const job = (id: string, peft_type: LearnedType, changes: Partial<TrainingJob> = {}): TrainingJob =>
  ({
    id,
    status: 'succeeded',
    result: {},
    spec: {
      modelHash: MODEL.hash,
      otherTasks: [{}, {}],
      config: { peft_type, num_virtual_tokens: 5, num_ranks: 2 },
    },
    ...changes,
  }) as TrainingJob;

const JOBS = [
  job('ftjob-source', 'MULTITASK_PROMPT_TUNING'),
  job('ftjob-rows', 'PROMPT_TUNING'),
  job('ftjob-young', 'MULTITASK_PROMPT_TUNING', { status: 'running', result: null }),
];

const REQUEST: JobRequest = {
  model: 'base',
  trainingFile: 'rows',
  validationFile: null,
  task: 'mood',
  seed: 7,
  peftType: 'PROMPT_TUNING',
  otherTasks: [],
  config: {},
  hyperparameters: {},
  metadata: null,
};

async function specifier(t: TestContext) {
  const { store } = await temporaryStore(t);
  const files = {
    getFile: (id: string) => FILES.find((known) => known.id === id) ?? null,
    getJob: (id: string) => JOBS.find((known) => known.id === id) ?? null,
  };
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
    peft_type: 'PROMPT_TUNING',
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

test('PREFIX_TUNING starts from a prompt of either form, and rows from rows only', async (t) => {
  const { store, specified } = await specifier(t);
  await store.addVersion(version('rows', 'a'));
  await store.addVersion({ ...version('prefix', 'b'), peftType: 'PREFIX_TUNING' });
  const from = (init_from: string, peftType: JobRequest['peftType']) =>
    specified({ peftType, hyperparameters: { init_from } }).initialPromptType;
  assert.equal(from('rows@1', 'PREFIX_TUNING'), 'PROMPT_TUNING');
  assert.equal(from('prefix@1', 'PREFIX_TUNING'), 'PREFIX_TUNING');
  assert.equal(from('rows@1', 'PROMPT_TUNING'), 'PROMPT_TUNING');
  assert.throws(() => from('prefix@1', 'PROMPT_TUNING'), refused('init_from_prefix', 'unprocessable'));
});

test('the sizes of PREFIX_TUNING are those of keys and values', async (t) => {
  const { specified } = await specifier(t);
  const prefix = (config: JobRequest['config']) => specified({ peftType: 'PREFIX_TUNING', config }).config;
  // One layer, one key/value head of two.
  const fitting = { token_dim: 2, num_attention_heads: 1, encoder_hidden_size: 9, prefix_projection: false };
  assert.deepEqual(prefix({ ...fitting, num_virtual_tokens: 3 }), {
    peft_type: 'PREFIX_TUNING',
    num_virtual_tokens: 3,
    prompt_tuning_init: 'auto',
    prompt_tuning_init_text: null,
  });
  assert.throws(() => prefix({ token_dim: 4 }), refused('token_dim_mismatch', 'unprocessable'));
  const projected = refused('prefix_projection_unsupported', 'unprocessable');
  assert.throws(() => prefix({ prefix_projection: true }), projected);
  const large: ModelInfo = { ...MODEL, contextLength: 4096, numLayers: 1024 };
  const files = { getFile: () => FILES[0]!, getJob: () => null };
  const { store } = await specifier(t);
  const request = { ...REQUEST, peftType: 'PREFIX_TUNING' as const, config: { num_virtual_tokens: 4095 } };
  const sized = () => specify({ store: files, tasks: store, model: { ...large, headDim: 4 } }, request);
  assert.throws(sized, refused('prompt_too_large', 'unprocessable'));
});

test('a multitask job keeps what each of its tasks needs, and what learning starts from', async (t) => {
  const { store, specified } = await specifier(t);
  await store.putTask('other', { ...EMPTY, template: 'Q {text}', labels: ['good', 'bad', 'ugly'] });
  const other = { task: 'other', trainingFile: 'rows', validationFile: 'spaced' };
  const multitask = (request: Partial<JobRequest> = {}): JobSpec =>
    specified({ peftType: 'MULTITASK_PROMPT_TUNING', otherTasks: [other], ...request });
  const { template, otherTasks, config, sourceJob } = multitask();
  assert.equal(template, '{text}\n');
  assert.deepEqual(
    otherTasks.map((it) => [it.task, it.template, it.labels?.length, it.validationFile?.id]),
    [['other', 'Q {text}', 3, 'spaced']],
  );
  assert.deepEqual([config.num_virtual_tokens, config.num_ranks, sourceJob], [20, 1, null]);

  const from = (settings: JobRequest['config'] = {}, init_from = 'ftjob-source'): JobSpec =>
    multitask({ config: settings, hyperparameters: { init_from } });
  const inherited = from();
  assert.equal(inherited.sourceJob, 'ftjob-source');
  assert.deepEqual(inherited.config, {
    peft_type: 'MULTITASK_PROMPT_TUNING',
    num_virtual_tokens: 5,
    num_ranks: 2,
    prompt_tuning_init: 'AVERAGE_SOURCE_TASKS',
    prompt_tuning_init_text: null,
    prompt_tuning_init_task: 0,
  });
  const exact = { prompt_tuning_init: 'EXACT_SOURCE_TASK', prompt_tuning_init_task: 2 };
  assert.equal(from(exact).config.prompt_tuning_init_task, 2);

  assert.equal(multitask({ config: { num_tasks: null } }).config.num_ranks, 1);
  const { store: tasks } = await specifier(t);
  const wide = { ...MODEL, tokenDim: 300_000 };
  const request = { ...REQUEST, peftType: 'MULTITASK_PROMPT_TUNING', config: { num_ranks: 64 } } as const;
  const files = { getFile: () => FILES[0]!, getJob: () => null };
  const large = () => specify({ store: files, tasks, model: wide }, request);
  const cases: [() => JobSpec, string][] = [
    [large, 'prompt_too_large'],
    [() => multitask({ otherTasks: [{ ...other, task: 'mood' }] }), 'task_repeated'],
    [() => multitask({ otherTasks: [{ ...other, trainingFile: 'none' }] }), 'file_not_found'],
    [() => multitask({ otherTasks: [{ ...other, task: 'base' }] }), 'task_name_reserved'],
    [() => multitask({ config: { num_tasks: 3 } }), 'num_tasks_mismatch'],
    [() => multitask({ config: { num_ranks: 65 } }), 'num_ranks_out_of_range'],
    [() => multitask({ config: { prompt_tuning_init: 'EXACT_SOURCE_TASK' } }), 'init_source'],
    [() => multitask({ hyperparameters: { max_row_norm: 1 } }), 'max_row_norm_unsupported'],
    [() => from({ prompt_tuning_init: 'RANDOM' }), 'init_source'],
    [() => from({ num_ranks: 3 }), 'source_size_mismatch'],
    [() => from({ num_virtual_tokens: 6 }), 'source_size_mismatch'],
    [() => from({ ...exact, prompt_tuning_init_task: 3 }), 'init_task_out_of_range'],
    [() => from({}, 'ftjob-none'), 'job_not_found'],
    [() => from({}, 'ftjob-rows'), 'init_from_method'],
    [() => from({}, 'ftjob-young'), 'init_from_unfinished'],
  ];
  for (const [create, code] of cases) assert.throws(create, refused(code), code);
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

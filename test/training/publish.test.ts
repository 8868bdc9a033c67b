import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import type { PromptPublisher, PromptUpload } from '../../src/domain/publishing.ts';
import type { Hyperparameters, JobScore, LearnedType, TrainingJob } from '../../src/domain/training.ts';
import type { Ending, LearnedPrompt } from '../../src/training/child/protocol.ts';
import { incumbentOf, publishOutcome } from '../../src/training/jobs/publish.ts';
import { EMPTY, temporaryStore, version } from '../store/temporary.ts';

const score = (accuracy: number, loss = 1): JobScore => ({ accuracy, loss });

const jobWith = (
  activate: Hyperparameters['activate'],
  peft_type: LearnedType = 'PROMPT_TUNING',
): TrainingJob =>
  ({
    spec: {
      task: 'mood',
      modelHash: 'm'.repeat(64),
      template: '{text}\n',
      config: { peft_type },
      hyperparameters: { activate },
    },
  }) as TrainingJob;

type Given = Partial<Ending & Omit<LearnedPrompt, 'prompt'>>;

const outcome = (given: Given = {}) => ({
  reason: 'completed' as const,
  detail: null,
  lastStep: 10,
  step: 8,
  prompt: Buffer.from('learned'),
  score: score(0.8),
  trainedTokens: 100,
  labels: ['good', 'bad'],
  ...given,
});

/** A store and a publisher that adds the bytes as a version. */
async function publishing(t: TestContext) {
  const { store } = await temporaryStore(t);
  const publisher: PromptPublisher = {
    async publish(task, { model }) {
      return { ...(await store.addVersion(version(task, model))), warnings: [] };
    },
    activate: (task, number, ifMatch) => store.activate(task, number, ifMatch),
    serve: (task, plan, seen) => store.serve(task, plan, seen),
    rollBack: (task) => store.rollBack(task, store.previousPlan(task)!),
  };
  return { store, publisher };
}

/** Publishes beside an active version whose score is `incumbentScore`. */
async function published(
  t: TestContext,
  activate: Hyperparameters['activate'],
  given: Given,
  incumbentScore: JobScore | null,
) {
  const { store, publisher } = await publishing(t);
  await store.addVersion(version('mood', 'before'));
  await store.putTask('mood', { ...EMPTY, template: '{text}\n' });
  await store.activate('mood', 1);
  const job = jobWith(activate);
  const incumbent = incumbentOf(store, job);
  const { result, reason } = await publishOutcome(
    { tasks: store, publisher },
    job,
    outcome(given),
    incumbent,
    incumbentScore,
  );
  assert.equal(store.getTask('mood')!.activeVersion, result.active ? 2 : 1);
  return { active: result.active, reason };
}

test('what is learned serves when it is at least as good as what served', async (t) => {
  const active = async (...args: [Hyperparameters['activate'], Given, JobScore | null]) =>
    (await published(t, ...args)).active;
  assert.equal(await active('auto', {}, score(0.7)), true);
  assert.equal(await active('auto', {}, score(0.8)), true, 'as good');
  assert.equal(await active('auto', {}, score(0.8, 0.5)), false, 'the loss decides');
  assert.equal(await active('auto', {}, score(0.9)), false);
  assert.equal(await active('auto', { score: null }, null), false, 'not compared');
  assert.equal(await active('always', {}, score(0.9)), true);
  assert.equal(await active('never', {}, score(0.1)), false);
  assert.equal(await active('always', { reason: 'diverged' }, score(0.1)), false);
});

test('a task that does not exist is made with what was learned with, and serves', async (t) => {
  const { store, publisher } = await publishing(t);
  const parts = { tasks: store, publisher };
  const first = await publishOutcome(parts, jobWith('auto'), outcome(), null, null);
  assert.equal(first.result.active, true);
  const { template, labels, activeVersion } = store.getTask('mood')!;
  assert.deepEqual([template, labels, activeVersion], ['{text}\n', ['good', 'bad'], 1]);
  // As after a crash between publication and the end of the job.
  const incumbent = incumbentOf(store, jobWith('auto'));
  const again = await publishOutcome(parts, jobWith('auto'), outcome(), incumbent, score(0.8));
  assert.deepEqual([again.result.version, again.result.active], [1, true]);
  assert.equal(store.getVersion('mood', 2), null);
});

test('changed labels or another template keep a prompt from serving unasked', async (t) => {
  for (const change of [
    { template: null, labels: null },
    { template: '{text}\n', labels: ['good', 'ugly'] },
    { template: '{text}\n', labels: ['good', 'bad', 'ugly'] },
  ]) {
    const { store, publisher } = await publishing(t);
    await store.putTask('mood', { ...EMPTY, ...change });
    const parts = { tasks: store, publisher };
    const { result, reason } = await publishOutcome(parts, jobWith('auto'), outcome(), null, null);
    assert.equal(result.active, false, JSON.stringify(change));
    assert.match(reason, /were changed after the job was created/);
    const asked = await publishOutcome(parts, jobWith('always'), outcome(), null, null);
    assert.equal(asked.result.active, true);
  }
});

test('what was activated during the comparison stays', async (t) => {
  const { store, publisher } = await publishing(t);
  await store.addVersion(version('mood', 'before'));
  await store.putTask('mood', { ...EMPTY, template: '{text}\n' });
  await store.activate('mood', 1);
  const job = jobWith('auto');
  const incumbent = incumbentOf(store, job);
  await store.addVersion(version('mood', 'by hand'));
  await store.activate('mood', 2);
  const parts = { tasks: store, publisher };
  const { result, reason } = await publishOutcome(parts, job, outcome(), incumbent, score(0.1));
  assert.deepEqual([result.version, result.active], [3, false]);
  assert.match(reason, /serves with was changed while/);
  assert.equal(store.getTask('mood')!.activeVersion, 2);
});

test('a comparison on requests that is set up before the activation goes on', async (t) => {
  const shares = [
    { version: 1, weight: 0.9 },
    { version: 2, weight: 0.1 },
  ];
  const canary = { type: 'split', shares, shadow: null } as const;
  const followed = { type: 'version', version: 1, shadow: 2 } as const;
  for (const plan of [canary, followed]) {
    for (const when of ['before it is published', 'while it is warmed']) {
      const { store, publisher } = await publishing(t);
      for (const content of ['before', 'canary']) await store.addVersion(version('mood', content));
      await store.putTask('mood', { ...EMPTY, template: '{text}\n' });
      await store.activate('mood', 1);
      const job = jobWith('auto');
      const incumbent = incumbentOf(store, job);
      if (when === 'before it is published') await store.serve('mood', plan);
      const warming: PromptPublisher = {
        ...publisher,
        activate: async (...args) => {
          await store.serve('mood', plan);
          return publisher.activate(...args);
        },
        serve: async (...args) => {
          await store.serve('mood', plan);
          return publisher.serve(...args);
        },
      };
      const parts = { tasks: store, publisher: warming };
      const { result } = await publishOutcome(parts, job, outcome(), incumbent, score(0.1));
      assert.equal(result.active, false, `${plan.type} ${when}`);
      assert.deepEqual(store.getTask('mood')!.serving, plan);
    }
  }
});

test('what is learned is published as what the job learns', async (t) => {
  const { store, publisher } = await publishing(t);
  const uploads: PromptUpload[] = [];
  const watched: PromptPublisher = {
    ...publisher,
    publish: (task, upload, options) => {
      uploads.push(upload);
      return publisher.publish(task, upload, options);
    },
  };
  const parts = { tasks: store, publisher: watched };
  await publishOutcome(parts, jobWith('auto', 'PREFIX_TUNING'), outcome(), null, null);
  const model = Buffer.from('learned');
  assert.deepEqual(uploads, [{ kind: 'tensor', model, peftType: 'PREFIX_TUNING' }]);
});

test('a prompt does not replace one with a classification head unasked', async (t) => {
  const { store, publisher } = await publishing(t);
  await store.addVersion({ ...version('mood', 'before'), numLabels: 2 });
  await store.putTask('mood', { ...EMPTY, template: '{text}\n' });
  await store.activate('mood', 1);
  const job = jobWith('auto');
  const parts = { tasks: store, publisher };
  const published = await publishOutcome(parts, job, outcome(), incumbentOf(store, job), null);
  assert.equal(published.result.active, false);
  assert.match(published.reason, /has a classification head, which is not compared/);
});

test('a prompt does not replace an ensemble or a split unasked', async (t) => {
  const { store, publisher } = await publishing(t);
  for (const content of ['one', 'two']) await store.addVersion(version('mood', content));
  await store.putTask('mood', { ...EMPTY, template: '{text}\n' });
  const plan = { type: 'ensemble', versions: [1, 2], shadow: null } as const;
  await store.serve('mood', plan);
  const parts = { tasks: store, publisher };
  const job = jobWith('auto');
  const published = await publishOutcome(parts, job, outcome(), incumbentOf(store, job), score(0.9));
  assert.equal(published.result.active, false);
  assert.match(published.reason, /serves with several versions/);
  assert.deepEqual(store.getTask('mood')!.serving, plan);
  const always = await publishOutcome(parts, jobWith('always'), outcome(), null, null);
  assert.equal(always.result.active, true);
});

test('a busy service is asked again; other refusals are not', async (t) => {
  const { store, publisher } = await publishing(t);
  const failing = (kind: 'contended' | 'unprocessable'): PromptPublisher => {
    let left = 1;
    return {
      ...publisher,
      publish: async (...args) => {
        if (left-- > 0) throw new DomainError(kind, 'refused', 'No.', { retryAfter: 1 });
        return publisher.publish(...args);
      },
    };
  };
  const publish = (kind: 'contended' | 'unprocessable') =>
    publishOutcome({ tasks: store, publisher: failing(kind) }, jobWith('auto'), outcome(), null, null);
  assert.equal((await publish('contended')).result.version, 1);
  await assert.rejects(publish('unprocessable'), { code: 'refused' });
});

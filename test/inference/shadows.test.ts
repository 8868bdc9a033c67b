import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScoreRequest } from '../../src/domain/engine.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import type { ServingPlan } from '../../src/domain/serving.ts';
import { Shadows } from '../../src/inference/shadows.ts';
import { completion, encode, never, type Script, setUp, storeOf } from './fakes.ts';

const LABELS = [' a', ' b', ' c'];

/** log p of each label by the version that is asked. */
const scores = (tables: Readonly<Record<number, readonly number[]>>): Pick<Script, 'tokens' | 'score'> => ({
  tokens: () => [...encode('x')],
  score: ({ prompt, continuations }: ScoreRequest) => {
    const version = prompt!.key.endsWith('abc') ? 2 : Number(prompt!.key.at(-1));
    return continuations.map((_, label) => Float64Array.of(Math.log(tables[version]![label]!)));
  },
});
const voters = (tables: Readonly<Record<number, readonly number[]>>, serving: ServingPlan) =>
  setUp(scores(tables), { versions: [3, 4, 5], task: { labels: LABELS, serving } });
const ask = (versions: readonly number[] | null, inputs = ['x']) => ({
  task: 'reviews',
  versions,
  caller: ANYONE,
  inputs,
  labels: null,
});

describe('a shadow', () => {
  const plan: ServingPlan = { type: 'version', version: 2, shadow: 5 };
  const settled = async (read: () => { same: number; different: number; failed: number }) => {
    for (let i = 0; i < 200; i++) {
      const { same, different, failed } = read();
      if (same + different + failed > 0) return read();
      await sleep(5);
    }
    return read();
  };

  it('is asked after the answer, in turns of its own, and compared', async () => {
    const { inference, engine } = voters({ 2: [0.9, 0.05, 0.05], 5: [0.1, 0.8, 0.1] }, plan);
    const { servedBy } = await inference.classify(ask(null, ['x', 'y']), never);
    assert.equal(servedBy, 'reviews@2');
    const counts = await settled(() => inference.shadowCounts('reviews', plan));
    assert.deepEqual(counts, { same: 0, different: 2, failed: 0, skipped: 0 });
    assert.deepEqual(
      engine.scored.map(({ flow, priority }) => [flow, priority]),
      [
        ['reviews', 'interactive'],
        ['reviews', 'interactive'],
        ['reviews#shadow', 'batch'],
        ['reviews#shadow', 'batch'],
      ],
    );
  });

  it('is not asked when a request names a version', async () => {
    const { inference, engine } = voters({ 2: [0.9, 0.05, 0.05], 5: [0.1, 0.8, 0.1] }, plan);
    await inference.classify(ask([2]), never);
    await sleep(20);
    assert.equal(engine.scored.length, 1);
  });

  it('compares texts, and its failure is nobody else’s', async () => {
    const { inference } = voters({ 2: [1, 0, 0] }, plan);
    const generation = await inference.complete(completion('x', { model: 'reviews', max_tokens: 3 }), never);
    for await (const _ of generation.events);
    const counts = await settled(() => inference.shadowCounts('reviews', plan));
    assert.deepEqual(counts, { same: 1, different: 0, failed: 0, skipped: 0 });
    // Nothing is written down for version 5: its score throws.
    await inference.classify(ask(null), never);
    for (let i = 0; i < 200 && inference.shadowCounts('reviews', plan).failed === 0; i++) await sleep(5);
    assert.equal(inference.shadowCounts('reviews', plan).failed, 1);
  });

  it('waits until the client has the answer, and is not asked when the client left', async () => {
    const { inference, engine } = voters({ 2: [0.9, 0.05, 0.05], 5: [0.9, 0.05, 0.05] }, plan);
    const waiting: (() => void)[] = [];
    const afterAnswer = (work: () => void) => waiting.push(work);
    await inference.classify({ ...ask(null), afterAnswer }, never);
    const request = { ...completion('x', { model: 'reviews', max_tokens: 2 }), afterAnswer };
    for await (const _ of (await inference.complete(request, never)).events);
    await sleep(10);
    assert.deepEqual([engine.scored.length, engine.generated.length, waiting.length], [1, 1, 2]);
    for (const work of waiting) work();
    await sleep(20);
    assert.equal(inference.shadowCounts('reviews', plan).same, 2);
  });

  it('is not asked while the service takes no new work', async () => {
    let isReady = false;
    const options = {
      versions: [5],
      task: { labels: LABELS, serving: plan },
      isReady: () => isReady,
    };
    const { inference, engine } = setUp(scores({ 2: [1, 0, 0], 5: [1, 0, 0] }), options);
    await inference.classify(ask(null, ['x', 'y', 'z']), never);
    await sleep(10);
    assert.equal(engine.scored.length, 3);
    assert.deepEqual(inference.shadowCounts('reviews', plan), {
      same: 0,
      different: 0,
      failed: 0,
      skipped: 3,
    });
    isReady = true;
    await inference.classify(ask(null), never);
    const { same } = await settled(() => inference.shadowCounts('reviews', plan));
    assert.equal(same, 1);
  });

  it('is compared without the input that is echoed', async () => {
    const { inference, engine } = voters({}, plan);
    const request = completion(['hello', 'goodbye'], { model: 'reviews', max_tokens: 3, n: 2, echo: true });
    for await (const _ of (await inference.complete(request, never)).events);
    const counts = await settled(() => inference.shadowCounts('reviews', plan));
    assert.deepEqual(counts, { same: 4, different: 0, failed: 0, skipped: 0 });
    const nothing = completion('hello', { model: 'reviews', max_tokens: 0, echo: true });
    for await (const _ of (await inference.complete(nothing, never)).events);
    await sleep(10);
    assert.equal(engine.generated.length, 9, 'nothing was generated: nothing is asked');
  });

  it('that is longer than what it follows gets a shorter output by default', async () => {
    const long = 60;
    const { getTask, getVersion } = storeOf({ serving: plan }, {}, [5]);
    const store = {
      getTask,
      getVersion: (task: string, number: number) => {
        const version = getVersion(task, number);
        return version && number === 5 ? { ...version, numVirtualTokens: long } : version;
      },
    };
    const script = { tokens: () => [...encode('x')], contextLength: 100 };
    const { inference, engine } = setUp(script, { store, chatTemplate: '{{ messages[0].content }}' });
    const request = {
      model: 'reviews',
      messages: [{ role: 'user', content: 'Hi' }],
      logprobs: null,
      caller: ANYONE,
    };
    for await (const _ of (await inference.chat(request, never)).events);
    const counts = await settled(() => inference.shadowCounts('reviews', plan));
    assert.equal(counts.failed, 0);
    const [first, shadow] = engine.generated;
    assert.equal(shadow!.prompt!.length, long);
    assert.equal(first!.maxTokens - shadow!.maxTokens, long - first!.prompt!.length);
  });

  it('is counted by what it was compared with', async () => {
    const tables = { 2: [1, 0, 0], 3: [0, 1, 0], 5: [1, 0, 0] };
    const shares = [
      { version: 2, weight: 0.5 },
      { version: 3, weight: 0.5 },
    ];
    const split: ServingPlan = { type: 'split', shares, shadow: 5 };
    const { inference } = voters(tables, split);
    for (let i = 0; i < 40; i++) await inference.classify(ask(null), never);
    await sleep(30);
    const both = inference.shadowCounts('reviews', split);
    const second = inference.shadowCounts('reviews', { type: 'version', version: 2, shadow: 5 });
    const third = inference.shadowCounts('reviews', { type: 'version', version: 3, shadow: 5 });
    assert.deepEqual([second.different, third.same], [0, 0]);
    assert.deepEqual([both.same, both.different], [second.same, third.different]);
    assert.ok(second.same > 0 && third.different > 0, 'both answered');
    const together: ServingPlan = { type: 'ensemble', versions: [2, 3], shadow: 5 };
    assert.equal(inference.shadowCounts('reviews', together).same, 0);
  });
});

describe('shadows together', () => {
  const pair = { servedBy: 'a@1', shadow: 'a@2' };
  const answers = (count: number) => Array.from({ length: count }, () => 'x');

  it('have at most 32 sequences at a time; the rest is skipped', async () => {
    const shadows = new Shadows(() => true);
    let finish = (): void => undefined;
    const asked: number[] = [];
    const held = (count: number) => {
      asked.push(count);
      return new Promise<readonly string[]>((resolve) => {
        finish = () => resolve(answers(count));
      });
    };
    const compare = (count: number, together = 1) =>
      shadows.compare({ ...pair, answer: answers(count), together, ask: held });
    compare(20);
    const finishFirst = finish;
    compare(256, 5);
    assert.deepEqual(asked, [20, 10]);
    compare(8, 4);
    assert.deepEqual(asked, [20, 10], 'the choices of a prompt go together');
    assert.equal(shadows.counts(pair).skipped, 246 + 8);
    finishFirst();
    await sleep(1);
    compare(256);
    assert.deepEqual(asked, [20, 10, 22]);
    assert.equal(shadows.counts(pair).same, 20);
  });

  it('count every input of those that fail, or that the server refuses', async () => {
    const shadows = new Shadows(() => true);
    const refuse = (error: Error) =>
      shadows.compare({ ...pair, answer: answers(3), together: 1, ask: () => Promise.reject(error) });
    refuse(new Error('no'));
    refuse(new DomainError('contended', 'queue_full', 'The queue is full.', { retryAfter: 1 }));
    await sleep(1);
    assert.deepEqual(shadows.counts(pair), { same: 0, different: 0, failed: 3, skipped: 3 });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScoreRequest } from '../../src/domain/engine.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import type { ServingPlan } from '../../src/domain/serving.ts';
import { completion, encode, never, setUp } from './fakes.ts';

const LABELS = [' a', ' b', ' c'];

/** log p of each label by the version that is asked, for a task with the versions 2 to 5. */
function voters(tables: Readonly<Record<number, readonly number[]>>, serving?: ServingPlan) {
  return setUp(
    {
      tokens: () => [...encode('x')],
      score: ({ prompt, continuations }: ScoreRequest) => {
        const version = prompt!.key.endsWith('abc') ? 2 : Number(prompt!.key.at(-1));
        return continuations.map((_, label) => Float64Array.of(Math.log(tables[version]![label]!)));
      },
    },
    { versions: [3, 4, 5], task: { labels: LABELS, ...(serving && { serving }) } },
  );
}

const ask = (versions: readonly number[] | null, inputs = ['x']) => ({
  task: 'reviews',
  versions,
  caller: ANYONE,
  inputs,
  labels: null,
});
const close = (given: number | undefined, expected: number): void => {
  assert.ok(Math.abs(given! - expected) < 1e-12, `${given}, not ${expected}`);
};

describe('an ensemble', () => {
  it('chooses by majority, not by the mean', async () => {
    const { inference, engine } = voters({
      2: [0.5, 0.4, 0.1],
      3: [0.5, 0.4, 0.1],
      4: [0.01, 0.98, 0.01],
    });
    const { results, servedBy, usage } = await inference.classify(ask([2, 3, 4], ['x', 'y']), never);
    assert.equal(servedBy, 'reviews@2+3+4');
    for (const { label, probabilities, vote } of results) {
      assert.equal(label, ' a');
      close(probabilities[' a'], 1.01 / 3);
      close(probabilities[' b'], 1.78 / 3);
      assert.deepEqual(vote, { votes: { ' a': 2, ' b': 1, ' c': 0 }, agreement: 2 / 3 });
    }
    assert.equal(engine.scored.length, 6);
    assert.deepEqual(
      engine.scored.slice(0, 3).map(({ prompt }) => prompt!.key),
      ['PROMPT_TUNING:abc', 'PROMPT_TUNING:abc3', 'PROMPT_TUNING:abc4'],
      'the members of an input are neighbours',
    );
    assert.equal(usage.virtualTokens, 2 * 3 * 4);
  });

  it('breaks a tie by the mean probability, then by the order of the labels', async () => {
    const { inference } = voters({ 2: [0.6, 0.3, 0.1], 3: [0.05, 0.9, 0.05] });
    const [first] = (await inference.classify(ask([2, 3]), never)).results;
    assert.equal(first!.label, ' b');
    assert.deepEqual(first!.vote, { votes: { ' a': 1, ' b': 1, ' c': 0 }, agreement: 0.5 });
    const equal = voters({ 2: [0.6, 0.3, 0.1], 3: [0.3, 0.6, 0.1] });
    assert.equal((await equal.inference.classify(ask([3, 2]), never)).results[0]!.label, ' a');
  });

  it('scores each token with the mean of the probabilities', async () => {
    const { inference } = setUp(
      {
        score: ({ prompt }) => [
          Float64Array.of(...(prompt!.key.endsWith('3') ? [0.1, 0.8] : [0.5, 0.2]).map(Math.log)),
        ],
      },
      { versions: [3] },
    );
    const target = 'tt';
    const request = { task: 'reviews', versions: [2, 3], caller: ANYONE, inputs: [{ text: 'x', target }] };
    const [result] = (await inference.score(request, never)).results;
    const perToken = encode(target).length === 2 ? [0.3, 0.5] : [0.3];
    close(
      result!.loglik,
      perToken.reduce((sum, p) => sum + Math.log(p), 0),
    );
  });

  it('generates as one sequence with the other members behind the same input', async () => {
    const { inference, engine } = voters({});
    const generation = await inference.complete(completion('x', { model: 'reviews@3+2+5' }), never);
    for await (const _ of generation.events);
    assert.equal(generation.servedBy, 'reviews@3+2+5');
    const [request] = engine.generated;
    assert.deepEqual(
      [request!.prompt, ...request!.others!].map((prompt) => prompt?.key),
      ['PROMPT_TUNING:abc3', 'PROMPT_TUNING:abc', 'PROMPT_TUNING:abc5'],
    );
    assert.equal(generation.usage().virtualTokens, 12);
    const echo = completion('x', { model: 'reviews@3+2', echo: true, logprobs: 1 });
    await assert.rejects(inference.complete(echo, never), { code: 'ensemble_echo_logprobs' });
  });

  it('is refused with too many versions, or one twice', async () => {
    const { inference } = voters({});
    for (const [model, code, message] of [
      ['reviews@2+3+2', 'invalid_version', /^Version 2 is named twice/],
      ['reviews@2+', 'invalid_version', /^After "@" a positive version number is expected/],
      ['reviews@1+2+3+4+5+6+7+8+9', 'too_many_versions', /^An ensemble has at most 8 versions/],
      ['reviews@2+9', 'version_not_found', /^Task "reviews" has no version 9/],
    ] as const) {
      await assert.rejects(inference.complete(completion('x', { model }), never), { code, message }, model);
    }
  });
});

describe('what a task serves with', () => {
  it('is told before anything can be refused or fail', async () => {
    const { inference } = voters({ 3: [0.5, 0.4, 0.1] });
    const told: string[] = [];
    const onServed = (servedBy: string) => told.push(servedBy);
    // Nothing is written down for version 4: its score throws.
    await assert.rejects(inference.classify({ ...ask([3, 4]), onServed }, never));
    const long = completion('x', { model: 'reviews@5', max_tokens: 1000, onServed });
    await assert.rejects(inference.complete(long, never), { code: 'context_length_exceeded' });
    await assert.rejects(inference.classify({ ...ask([9]), onServed }, never), { code: 'version_not_found' });
    assert.deepEqual(told, ['reviews@3+4', 'reviews@5']);
  });

  it('an ensemble answers requests that name no version', async () => {
    const plan: ServingPlan = { type: 'ensemble', versions: [4, 3], shadow: null };
    const { inference } = voters({ 3: [0.5, 0.4, 0.1], 4: [0.2, 0.7, 0.1] }, plan);
    assert.equal((await inference.classify(ask(null), never)).servedBy, 'reviews@4+3');
    assert.equal((await inference.classify(ask([3]), never)).servedBy, 'reviews@3');
  });

  it('a split is drawn by weight, and a user stays where it is', async () => {
    const shares = [
      { version: 3, weight: 0.8 },
      { version: 4, weight: 0.2 },
    ];
    const { inference } = voters({ 3: [1, 0, 0], 4: [0, 1, 0] }, { type: 'split', shares, shadow: null });
    const draw = async (user?: string) =>
      (await inference.classify({ ...ask(null), user }, never)).servedBy === 'reviews@4';
    const users = Array.from({ length: 400 }, (_, i) => `user-${i}`);
    const drawn = await Promise.all(users.map((user) => draw(user)));
    const share = drawn.filter(Boolean).length / users.length;
    // Five standard errors.
    assert.ok(Math.abs(share - 0.2) < 0.1, `${share}`);
    assert.deepEqual(await Promise.all(users.map((user) => draw(user))), drawn);
    for (const nobody of [undefined, '']) {
      const anyone = await Promise.all(users.map(() => draw(nobody)));
      assert.ok(anyone.includes(true) && anyone.includes(false), 'without a user both answer');
    }
  });
});

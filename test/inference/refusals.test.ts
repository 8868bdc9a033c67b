import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { DomainError } from '../../src/domain/errors.ts';
import { completion, encode, flat, gather, never, type Setup, setUp } from './fakes.ts';

const tokens = () => encode('a');
const refused = async (
  { inference, engine }: Setup,
  request: ReturnType<typeof completion>,
  expected: Record<string, unknown>,
): Promise<void> => {
  await assert.rejects(inference.complete(request, never), expected);
  assert.equal(engine.generated.length, 0, 'nothing was sent to the engine');
};

/** A scripted sequence looks at its signal once a turn of the event loop. */
const drained = async (engine: Setup['engine']): Promise<void> => {
  for (let turn = 0; turn < 10 && engine.outstanding > 0; turn++) await setImmediate();
  assert.equal(engine.outstanding, 0);
};

describe('model references', () => {
  const cases: [string, string, Record<string, unknown>, Parameters<typeof setUp>[1]?][] = [
    ['an unknown task', 'nothing', { kind: 'not_found', code: 'model_not_found', param: 'model' }],
    ['a version of the base model', 'base@1', { kind: 'not_found', code: 'model_not_found' }],
    ['an unknown version', 'reviews@9', { kind: 'not_found', code: 'version_not_found', given: 9 }],
    ['a version that is no number', 'reviews@x', { kind: 'invalid', code: 'invalid_version' }],
    [
      'a task without an active version',
      'reviews',
      { kind: 'conflict', code: 'no_active_version' },
      { task: { activeVersion: null, serving: null } },
    ],
    [
      'a prompt for another model',
      'reviews',
      { kind: 'conflict', code: 'model_mismatch', expected: 'hash-of-base', given: 'other' },
      { version: { modelHash: 'other' } },
    ],
  ];
  for (const [name, model, expected, options] of cases) {
    it(name, () => refused(setUp({ tokens }, options), completion('x', { model }), expected));
  }

  it('a named version serves although another one is active', async () => {
    const { inference } = setUp(
      { tokens },
      { task: { activeVersion: 7, serving: { type: 'version', version: 7, shadow: null } } },
    );
    const generation = await inference.complete(completion('x', { model: 'reviews@2' }), never);
    assert.equal(generation.servedBy, 'reviews@2');
    await gather(generation.events);
  });
});

describe('a busy engine', () => {
  const busy = () => {
    const setup = setUp({ tokens });
    setup.engine.busy = true;
    return setup;
  };

  it('refuses one sequence before anything else of it is looked at', () => {
    const { inference } = busy();
    const queueWait = { kind: 'contended', code: 'queue_wait' };
    assert.throws(() => inference.assertTurn(completion('x', { model: 'base@9' })), queueWait);
  });

  it('gives no turn to a task that does not exist', () => {
    busy().inference.assertTurn(completion('x', { model: 'nothing' }));
  });

  it('is asked for batch work, and for several sequences, all the same', () => {
    const { inference } = busy();
    for (const fields of [{ service_tier: 'flex' as const }, { n: 9 }]) {
      inference.assertTurn(completion('x', { model: 'base', ...fields }));
    }
  });
});

describe('limits', () => {
  it('virtual tokens, input and output beyond the context: the numbers, before any work', async () => {
    const setup = setUp({ tokens, contextLength: 20 }, { task: { template: null } });
    const request = completion([[1], [1, 2, 3]], { model: 'reviews', max_tokens: 14 });
    await refused(setup, request, {
      kind: 'unprocessable',
      code: 'context_length_exceeded',
      param: 'max_tokens',
      expected: 20,
      given: 21,
      message: /4 virtual tokens \+ 3 input tokens \+ 14 output tokens = 21; the limit is 20/,
    });
    const fits = completion([[1], [1, 2, 3]], { model: 'reviews', max_tokens: 13 });
    await gather((await setup.inference.complete(fits, never)).events, 2);
  });

  it('a text that cannot fit is refused by its size', async () => {
    const setup = setUp({ tokens });
    await refused(setup, completion('x'.repeat(10_000)), {
      kind: 'unprocessable',
      code: 'context_length_exceeded',
      param: 'prompt',
      message: /10000 bytes/,
    });
  });

  it('no token at all on the base model', async () => {
    const expected = { kind: 'unprocessable', code: 'empty_input', param: 'prompt' };
    await refused(setUp({ tokens }), completion(['ok', '']), expected);
    await refused(setUp({ tokens }), completion([[]]), expected);
  });

  it('more choices than the server can ever hold', async () => {
    const setup = setUp({ tokens, capacity: 5 });
    const expected = { kind: 'unprocessable', code: 'too_many_choices', expected: 5, given: 6 };
    await refused(setup, completion(['a', 'b'], { n: 3 }), expected);
  });

  it('more log-probabilities than an answer may have: choices, tokens and alternatives together', async () => {
    const setup = setUp({ tokens, contextLength: 100_000 });
    const fields = { n: 2, logprobs: 20, max_tokens: 24_967 };
    const expected = {
      kind: 'unprocessable',
      code: 'too_many_logprobs',
      param: 'logprobs',
      expected: 'at most 1048576',
      given: 2 * 24_967 * 21,
    };
    await refused(setup, completion('x', fields), expected);
    // An echoed input has some of its own.
    const echoed = { ...fields, n: 1, max_tokens: 0, echo: true };
    await refused(setup, completion([Array.from({ length: 49_933 }, () => 5)], echoed), {
      ...expected,
      given: 49_933 * 21,
    });
    for (const fits of [
      { ...fields, max_tokens: 24_966 },
      { ...fields, logprobs: null },
    ]) {
      const leaving = new AbortController();
      await setup.inference.complete(completion('x', fits), leaving.signal);
      leaving.abort();
    }
    assert.equal(setup.engine.generated.length, 4);
  });

  it('no output asked for without echo', async () => {
    const expected = { kind: 'invalid', code: 'nothing_to_generate', param: 'max_tokens' };
    await refused(setUp({ tokens }), completion('x', { max_tokens: 0 }), expected);
  });

  it('an empty or broken stop string', async () => {
    for (const stop of ['', ['ok', ''], '\ude00']) {
      const expected = { kind: 'invalid', code: 'invalid_stop', param: 'stop' };
      await refused(setUp({ tokens }), completion('x', { stop }), expected);
    }
  });
});

describe('admission and cancellation', () => {
  it('all or nothing: when the queue fills up, what was admitted is taken back', async () => {
    const { inference, engine } = setUp({ tokens, capacity: 3 });
    const first = await inference.complete(completion('x', { n: 2, max_tokens: 3 }), never);
    const second = completion('x', { n: 2, max_tokens: 3 });
    await assert.rejects(inference.complete(second, never), { kind: 'contended', code: 'queue_full' });
    const choices = await gather(first.events, 2);
    assert.deepEqual(
      choices.map(({ text }) => text),
      ['aaa', 'aaa'],
    );
    assert.equal(engine.generated.length, 3);
  });

  it('aborting the signal cancels every choice, and the events end with its reason', async () => {
    const { inference, engine } = setUp({ tokens });
    const controller = new AbortController();
    const request = completion('x', { n: 3, max_tokens: 60 });
    const generation = await inference.complete(request, controller.signal);
    let seen = 0;
    const reading = (async () => {
      for await (const event of flat(generation.events)) {
        assert.equal(event.type, 'delta');
        if (++seen === 5) controller.abort();
      }
    })();
    await assert.rejects(reading, { name: 'AbortError' });
    assert.ok(seen < 20, `${seen} events`);
    await drained(engine);
    assert.deepEqual(engine.cancelled.toSorted(), [0, 1, 2]);
    assert.equal(engine.outstanding, 0);
  });

  it('closing the events early cancels every choice', async () => {
    const { inference, engine } = setUp({ tokens });
    const generation = await inference.complete(completion('x', { n: 2, max_tokens: 60 }), never);
    for await (const _ of generation.events) break;
    await drained(engine);
    assert.deepEqual(engine.cancelled.toSorted(), [0, 1]);
  });

  it('a signal that was aborted before sends nothing', async () => {
    const { inference, engine } = setUp({ tokens });
    await assert.rejects(inference.complete(completion('x'), AbortSignal.abort()), { name: 'AbortError' });
    assert.equal(engine.generated.length, 0);
  });

  it('a failure during the stream is thrown by the events and cancels the other choices', async () => {
    const error = new DomainError('not_found', 'prompt_deleted', 'The prompt was deleted.');
    const { inference, engine } = setUp({ tokens, failAfter: { events: 2, error } });
    const generation = await inference.complete(completion('x', { n: 2, max_tokens: 60 }), never);
    const seen: string[] = [];
    await assert.rejects(async () => {
      for await (const event of flat(generation.events)) if (event.type === 'delta') seen.push(event.text);
    }, error);
    assert.ok(seen.length >= 2, 'what came before is delivered');
    await drained(engine);
    assert.deepEqual(engine.cancelled.toSorted(), [0, 1]);
  });
});

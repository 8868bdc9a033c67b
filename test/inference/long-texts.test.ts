import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScoreRequest } from '../../src/domain/engine.ts';
import type { Inference } from '../../src/domain/inference.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import { completion, encode, gather, never, setUp, tokenizer } from './fakes.ts';

const CONTEXT = 60_000;
/** One token a character. */
const FITS = '7.'.repeat(25_000);
/** Too many tokens, but not by its size alone. */
const TOO_LONG = '7.'.repeat(CONTEXT * 4);

const SCORE = ({ continuations }: ScoreRequest) =>
  continuations.map((ids) => Float64Array.from(ids, () => -1));

/** Turns of the event loop while `work` goes on. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await work().finally(() => {
    counting = false;
  });
  return turns;
}

const asked = { model: 'base', task: 'base', versions: null, caller: ANYONE };

const WAYS: Readonly<Record<string, (inference: Inference, text: string) => Promise<unknown>>> = {
  completions: async (inference, text) => gather((await inference.complete(completion(text), never)).events),
  chat: async (inference, text) => {
    const messages = [{ role: 'user' as const, content: text }];
    return gather((await inference.chat({ ...asked, messages, logprobs: null }, never)).events);
  },
  classify: (inference, text) => inference.classify({ ...asked, inputs: [text], labels: ['a', 'b'] }, never),
  score: (inference, text) => inference.score({ ...asked, inputs: [{ text: 'x', target: text }] }, never),
  tokenize: (inference, text) => inference.tokenize(text, true),
};

describe('a long text', () => {
  const set = () =>
    setUp(
      { tokens: () => encode('ok'), score: SCORE, contextLength: CONTEXT },
      { chatTemplate: '{{ messages[0].content }}' },
    );

  for (const [name, use] of Object.entries(WAYS)) {
    it(`leaves turns to other requests: ${name}`, async () => {
      const { inference } = set();
      assert.ok((await turnsDuring(() => use(inference, FITS))) >= 3);
    });

    it(`is refused when it is sure not to fit, not when all of it is tokenised: ${name}`, async () => {
      assert.ok(TOO_LONG.length <= CONTEXT * tokenizer.maxTokenBytes);
      const { inference } = set();
      await assert.rejects(use(inference, TOO_LONG), (error: { code: string; given: number }) => {
        assert.equal(error.code, 'context_length_exceeded');
        assert.ok(error.given > CONTEXT && error.given < CONTEXT * 2, `${error.given} tokens`);
        return true;
      });
    });
  }

  it('has the tokens that it has in one piece', async () => {
    const { inference } = set();
    const text = 'the 7 quick\n\n <s> foxes 🦊 '.repeat(1000);
    const options = { addSpecialTokens: true };
    assert.deepEqual(await inference.tokenize(text, true), tokenizer.encode(text, options));
  });

  it('takes turns with others of its kind, in order', async () => {
    const { inference } = set();
    const ended: number[] = [];
    const texts = [FITS, FITS.slice(0, 5000), FITS];
    await Promise.all(
      texts.map(async (text, i) => {
        await inference.tokenize(text, true);
        ended.push(i);
      }),
    );
    assert.equal(ended[0], 1, 'the short one does not wait for the ends of the long ones');
  });
});

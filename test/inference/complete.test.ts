import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeText } from '../../src/inference/input.ts';
import type { Tokenizer } from '../../src/model/tokenizer.ts';
import { countTurns, work } from '../support/turns.ts';
import {
  completion,
  EOS,
  encode,
  flat,
  gather,
  logprobOf,
  never,
  PROMPT,
  setUp,
  tokenizer,
} from './fakes.ts';

/** The tokens of an ASCII text, as they come without log-probabilities. */
const tokensOf = (text: string) =>
  encode(text).map((id) => ({ id, text: Buffer.from(tokenizer.tokenBytes(id)).toString(), detail: null }));

describe('complete: text', () => {
  it('turns generated tokens into text and counts them', async () => {
    const { inference, engine } = setUp({ tokens: () => encode('hello world') });
    const count = encode('hello world').length;
    const generation = await inference.complete(completion('Say', { max_tokens: count }), never);
    const [choice] = await gather(generation.events);
    assert.deepEqual(choice, {
      text: 'hello world',
      tokens: tokensOf('hello world'),
      reason: 'length',
    });
    assert.deepEqual(engine.generated[0]!.inputIds, encode('Say'));
    assert.equal(generation.servedBy, 'base');
    assert.deepEqual(generation.usage(), {
      promptTokens: encode('Say').length,
      virtualTokens: 0,
      completionTokens: count,
    });
  });

  it('an emoji of several tokens comes in one piece', async () => {
    const { inference } = setUp({ tokens: () => encode('\u{1f600}!') });
    const generation = await inference.complete(completion('x', { max_tokens: 5 }), never);
    const texts: string[] = [];
    for await (const event of flat(generation.events)) if (event.type === 'delta') texts.push(event.text);
    assert.deepEqual(texts, ['\u{1f600}', '!']);
  });

  it('ends at an end-of-text token, unless told to ignore it', async () => {
    const { inference } = setUp({ tokens: () => [...encode('hi'), EOS] });
    const length = encode('hi').length;
    const stopped = await inference.complete(completion('x', { max_tokens: length + 1 }), never);
    assert.deepEqual(await gather(stopped.events), [{ text: 'hi', tokens: tokensOf('hi'), reason: 'stop' }]);
    const ignoring = { max_tokens: length + 1, ignore_eos: true };
    const ignored = await inference.complete(completion('x', ignoring), never);
    assert.deepEqual(await gather(ignored.events), [
      { text: 'hi', tokens: [...tokensOf('hi'), { id: EOS, text: '', detail: null }], reason: 'length' },
    ]);
  });

  it('a stop string ends the choice and its request to the engine; the tokens made are counted', async () => {
    const { inference, engine } = setUp({ tokens: () => encode('one\n\ntwo and more') });
    const generation = await inference.complete(completion('x', { max_tokens: 60, stop: '\n\n' }), never);
    const [choice] = await gather(generation.events);
    assert.deepEqual([choice!.text, choice!.reason], ['one', 'stop']);
    assert.deepEqual(engine.cancelled, [0]);
    assert.equal(engine.outstanding, 0);
    const made = encode('one\n\n').length;
    assert.equal(generation.usage().completionTokens, made);
  });

  it('a stop string that never completes is shown at the end', async () => {
    const { inference } = setUp({ tokens: () => encode('ab') });
    const request = completion('x', { max_tokens: encode('ab').length, stop: ['abc'] });
    const [choice] = await gather((await inference.complete(request, never)).events);
    assert.deepEqual([choice!.text, choice!.reason], ['ab', 'length']);
  });
});

describe('complete: prompts and choices', () => {
  it('numbers choices prompt by prompt; each its own seed, the same for the same prompt', async () => {
    const { inference, engine } = setUp({ tokens: (_, call) => encode('abcd'[call]!) });
    const request = completion(['P', [5, 6]], { n: 2, max_tokens: 1, seed: 7 });
    const generation = await inference.complete(request, never);
    assert.equal(generation.choices, 4);
    const choices = await gather(generation.events, 4);
    assert.deepEqual(
      choices.map(({ text }) => text),
      ['a', 'b', 'c', 'd'],
    );
    assert.deepEqual(
      engine.generated.map(({ inputIds, sampling }) => [[...inputIds], sampling.seed]),
      [
        [[...encode('P')], 7],
        [[...encode('P')], 8],
        [[5, 6], 7],
        [[5, 6], 8],
      ],
    );
    assert.equal(generation.usage().promptTokens, encode('P').length + 2);
  });

  it('seeds at the end of the safe integers stay distinct', async () => {
    const { inference, engine } = setUp({ tokens: () => encode('a') });
    const request = completion('P', { n: 3, max_tokens: 1, seed: Number.MAX_SAFE_INTEGER });
    await gather((await inference.complete(request, never)).events, 3);
    const seeds = engine.generated.map(({ sampling }) => sampling.seed);
    assert.equal(new Set(seeds).size, 3);
    assert.ok(seeds.every(Number.isSafeInteger));
  });

  it('without a seed each request gets its own', async () => {
    const { inference, engine } = setUp({ tokens: () => encode('a') });
    for (let i = 0; i < 2; i++) {
      await gather((await inference.complete(completion('P', { max_tokens: 1 }), never)).events);
    }
    assert.notEqual(engine.generated[0]!.sampling.seed, engine.generated[1]!.sampling.seed);
  });

  it("a task's prompt, template and defaults apply; the request overrules the defaults", async () => {
    const defaults = { temperature: 0.3, top_k: 5, max_tokens: 2, stop: 'zz' };
    const { inference, engine } = setUp({ tokens: () => encode('zz') }, { task: { defaults } });
    const request = completion(['fine', [9]], { model: 'reviews', temperature: 0 });
    const generation = await inference.complete(request, never);
    const choices = await gather(generation.events, 2);
    assert.equal(generation.servedBy, 'reviews@2');
    assert.equal(choices[0]!.text, '');
    const [text, ids] = engine.generated;
    assert.deepEqual(text!.prompt, PROMPT);
    assert.deepEqual(text!.inputIds, encode('R: fine S:'));
    assert.deepEqual(ids!.inputIds, [9]);
    assert.deepEqual(text!.sampling, {
      temperature: 0,
      topP: 1,
      topK: 5,
      repetitionPenalty: 1,
      presencePenalty: 0,
      frequencyPenalty: 0,
      seed: text!.sampling.seed,
    });
    assert.equal(text!.maxTokens, 2);
    assert.equal(generation.usage().virtualTokens, 8);
  });

  it('16 tokens by default', async () => {
    const { inference, engine } = setUp({ tokens: () => encode('a') });
    await gather((await inference.complete(completion('P'), never)).events);
    assert.equal(engine.generated[0]!.maxTokens, 16);
  });

  it('behind a soft prompt the input may be empty', async () => {
    const { inference, engine } = setUp({ tokens: () => encode('a') }, { task: { template: null } });
    await gather((await inference.complete(completion('', { model: 'reviews@2' }), never)).events);
    assert.deepEqual(engine.generated[0]!.inputIds, []);
  });
});

describe('complete: echo and log-probabilities', () => {
  it('log-probabilities come with their tokens and alternatives', async () => {
    const ids = encode('\u{1f600}');
    const { inference, engine } = setUp({ tokens: () => ids });
    const request = completion('x', { max_tokens: ids.length, logprobs: 2 });
    const [choice] = await gather((await inference.complete(request, never)).events);
    assert.equal(engine.generated[0]!.topLogprobs, 2);
    assert.equal(engine.generated[0]!.inputLogprobs, false);
    assert.deepEqual(
      choice!.tokens.map(({ id, text, detail }) => [id, text, detail?.logprob]),
      ids.map((id, i) => [id, i === ids.length - 1 ? '\u{1f600}' : '', logprobOf(id)]),
    );
    assert.deepEqual(choice!.tokens[0]!.detail!.top, [
      { id: 0, logprob: logprobOf(0) },
      { id: 1, logprob: logprobOf(1) },
    ]);
  });

  it('a token has text and bytes; one that is only a part of a character has no text', () => {
    const { inference } = setUp({});
    assert.deepEqual(inference.token(EOS), { text: '</s>', bytes: [...Buffer.from('</s>')] });
    assert.deepEqual(inference.token(encode('\u{1f600}')[0]!), { text: '', bytes: [0xf0] });
    assert.deepEqual(inference.token(99_999), { text: '', bytes: [] });
  });

  it('echo puts the input in front, with its log-probabilities token by token', async () => {
    const input = 'h\u00e9llo \u{1f600} <s>';
    const { inference, engine } = setUp({ tokens: () => encode('!') });
    const request = completion(input, { max_tokens: 1, echo: true, logprobs: 0 });
    const [choice] = await gather((await inference.complete(request, never)).events);
    assert.equal(engine.generated[0]!.inputLogprobs, true);
    assert.equal(choice!.text, `${input}!`);
    const ids = [...encode(input), ...encode('!')];
    assert.deepEqual(
      choice!.tokens.map(({ id, detail }) => [id, detail?.logprob ?? null]),
      ids.map((id, i) => [id, i === 0 ? null : logprobOf(id)]),
    );
    assert.equal(choice!.tokens.map(({ text }) => text).join(''), choice!.text);
  });

  it('a long input is echoed in pieces, none of which is much work', async () => {
    const input = Array.from({ length: 1100 }, (_, i) => encode('ab')[0]! + (i % 2));
    for (const [logprobs, largest] of [
      [0, 16],
      [null, 1024],
    ] as const) {
      const { inference } = setUp({ contextLength: 2000 });
      const request = completion([input], { max_tokens: 0, echo: true, logprobs });
      const pieces: number[][] = [];
      for await (const event of flat((await inference.complete(request, never)).events)) {
        if (event.type === 'delta') pieces.push(event.tokens.map(({ id }) => id));
      }
      assert.deepEqual(pieces.flat(), input);
      assert.equal(Math.max(...pieces.map(({ length }) => length)), largest);
    }
  });

  it('behind a soft prompt the first input token has a log-probability', async () => {
    const { inference } = setUp({ tokens: () => encode('!') }, { task: { template: null } });
    const request = completion('hi', { model: 'reviews', max_tokens: 1, echo: true, logprobs: 0 });
    const [choice] = await gather((await inference.complete(request, never)).events);
    assert.equal(choice!.tokens[0]!.detail!.logprob, logprobOf(encode('hi')[0]!));
  });

  it('echo without log-probabilities does not ask the engine for them', async () => {
    const { inference, engine } = setUp({ tokens: () => encode('!') });
    const request = completion(['in', [...encode('ids')]], { max_tokens: 1, echo: true });
    const choices = await gather((await inference.complete(request, never)).events, 2);
    assert.deepEqual(
      choices.map(({ text }) => text),
      ['in!', 'ids!'],
    );
    assert.equal(engine.generated[0]!.inputLogprobs, false);
  });

  it('a BOS that the tokenizer put in front is not part of the echoed text', async () => {
    const { inference, engine } = setUp({ tokens: () => encode('!') }, { bos: true });
    const request = completion('hi', { max_tokens: 1, echo: true, logprobs: 0 });
    const [choice] = await gather((await inference.complete(request, never)).events);
    assert.equal(engine.generated[0]!.inputIds[0], 2);
    assert.equal(choice!.text, 'hi!');
    assert.deepEqual(choice!.tokens[0]!.text, '');
  });

  it('with max_tokens 0 only the input is scored', async () => {
    const { inference, engine } = setUp({});
    const request = completion('hello', { max_tokens: 0, echo: true, logprobs: 0 });
    const generation = await inference.complete(request, never);
    const [choice] = await gather(generation.events);
    assert.equal(engine.generated[0]!.maxTokens, 0);
    assert.deepEqual([choice!.text, choice!.reason], ['hello', 'length']);
    assert.equal(choice!.tokens.length, encode('hello').length);
    assert.equal(generation.usage().completionTokens, 0);
  });
});

describe('tokenize and detokenize', () => {
  const { inference } = setUp({}, { bos: true });

  it('tokenise with or without special tokens; the text of a special token is that token', async () => {
    assert.deepEqual((await inference.tokenize('hi', false)).ids, encode('hi'));
    assert.deepEqual((await inference.tokenize('hi', true)).ids, [2, ...encode('hi')]);
    assert.deepEqual(await inference.tokenize('</s>', false), { ids: [EOS], tokens: ['</s>'] });
  });

  it('detokenise with or without special tokens', async () => {
    assert.equal(await inference.detokenize([2, ...encode('a b')], false), '<s>a b');
    assert.equal(await inference.detokenize([2, ...encode('a b')], true), 'a b');
    assert.equal(await inference.detokenize([], true), '');
  });

  it('refuse ids outside the vocabulary, and texts beyond the context', async () => {
    for (const id of [-1, 499, 1.5]) {
      await assert.rejects(inference.detokenize([3, id], false), {
        kind: 'invalid',
        code: 'invalid_token_id',
        given: id,
      });
    }
    const text = 'x'.repeat(64 * tokenizer.maxTokenBytes + 1);
    const refusal = { code: 'context_length_exceeded', param: 'text', given: 65 };
    await assert.rejects(inference.tokenize(text, false), refusal);
  });

  it('a long list of ids becomes text in short turns, also where a character is cut', async (t) => {
    const text = `a${'\u{1f600}'.repeat(1000)}`;
    const turn = countTurns(t);
    const turns: number[] = [];
    const slow: Tokenizer = {
      ...tokenizer,
      textStream(options) {
        const stream = tokenizer.textStream(options);
        const pushAll = stream.pushAll.bind(stream);
        stream.pushAll = (ids) => {
          turns.push(turn());
          work();
          return pushAll(ids);
        };
        return stream;
      },
    };
    assert.equal(await decodeText(slow, encode(text), false), text);
    assert.equal(turns.length, 4);
    assert.equal(new Set(turns).size, 4, `in the turns ${turns}`);
  });

  it('the bytes of a token are found once', () => {
    const id = encode('a')[0]!;
    assert.equal(tokenizer.tokenBytes(id), tokenizer.tokenBytes(id));
  });
});

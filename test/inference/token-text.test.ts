import assert from 'node:assert/strict';
import { it } from 'node:test';
import { chatForm } from '../../src/http/schemas/chat-choices.ts';
import { completionForm } from '../../src/http/schemas/completion-choices.ts';
import { TokenJson } from '../../src/http/streaming/token-json.ts';
import { tokenText } from '../../src/inference/token-text.ts';
import { encode, tokenizer } from './fakes.ts';

/** An emoji's first byte, a token of its own. */
const PART = encode('\u{1f600}')[0]!;

for (const [name, form, part] of [
  ['completions', completionForm, '"bytes:\\\\xf0"'],
  ['chat completions', chatForm, '"token":"","bytes":[240]'],
] as const) {
  it(`${name} describe each token of the vocabulary once, however often it is named`, () => {
    const asked: number[] = [];
    const counting = {
      tokenBytes(id: number) {
        asked.push(id);
        return tokenizer.tokenBytes(id);
      },
    };
    const writer = form.logprobs(new TokenJson((id) => tokenText(counting, id)));
    const ids = [...encode('abc'), PART];
    const top = ids.map((id) => ({ id, logprob: -id }));
    const once = (): string => {
      writer.add(ids.map((id) => ({ id, text: '', detail: { logprob: -id, top } })));
      return [...writer.take()].join('');
    };
    const first = once();
    assert.ok(first.includes(part), first);
    const described = asked.length;
    assert.ok(described <= 2 * ids.length, `${described} of ${ids.length} tokens`);
    for (let position = 0; position < 100; position++) once();
    assert.equal(asked.length, described);
  });
}

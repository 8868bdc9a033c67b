import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ChoiceOutput } from '../../src/inference/output.ts';
import { TextStream } from '../../src/model/tokenizer-stream.ts';

/** Pushes pieces of bytes as tokens 0, 1, 2, ... until a stop string is found. */
function run(pieces: readonly Uint8Array[], stops: readonly string[]) {
  const output = new ChoiceOutput(new TextStream((id) => pieces[id]!, 0), stops);
  const texts: string[] = [];
  const tokens: { readonly id: number; readonly text: string }[] = [];
  let stopped = false;
  for (let id = 0; id <= pieces.length && !stopped; id++) {
    const piece = id < pieces.length ? output.push(id, null) : output.finish();
    texts.push(piece.text);
    tokens.push(...piece.tokens);
    stopped = piece.stopped;
  }
  return { texts, text: texts.join(''), tokens, stopped };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The text before the stop string that is complete first, by looking at every prefix. */
function expectedText(text: string, stops: readonly string[]): string {
  for (let end = 1; end <= text.length; end++) {
    const complete = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    if (complete.length > 0) return text.slice(0, end - Math.max(...complete.map((stop) => stop.length)));
  }
  return text;
}

const text = (maxLength: number) =>
  fc.array(fc.constantFrom('a', 'b', ' ', 'é', '漢', '😀', '😁'), { maxLength }).map((list) => list.join(''));

/** Bytes of a text cut anywhere, also inside characters. */
const cutText = fc.tuple(text(30), fc.array(fc.nat({ max: 60 }), { maxLength: 30 })).map(([source, cuts]) => {
  const all = bytes(source);
  const at = [0, ...[...new Set(cuts)].filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
  return { source, pieces: at.slice(1).map((end, i) => all.subarray(at[i], end)) };
});
const stopStrings = fc.array(
  text(4).filter((stop) => stop !== ''),
  { maxLength: 4 },
);

describe('output of a choice', () => {
  it('is the text before the first stop string, however tokens cut the text', () => {
    fc.assert(
      fc.property(cutText, stopStrings, ({ source, pieces }, stops) => {
        const expected = expectedText(source, stops);
        const { text, stopped } = run(pieces, stops);
        assert.equal(text, expected);
        assert.equal(stopped, expected !== source);
      }),
      { numRuns: 500 },
    );
  });

  it('shows whole characters, and tokens whose texts add up to the text', () => {
    fc.assert(
      fc.property(cutText, stopStrings, ({ pieces }, stops) => {
        const { texts, text, tokens } = run(pieces, stops);
        assert.ok(texts.every((piece) => !/\p{Surrogate}/u.test(piece)));
        assert.equal(tokens.map((token) => token.text).join(''), text);
        assert.deepEqual(
          tokens.map(({ id }) => id),
          tokens.map((_, i) => i),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('without stop strings every token that was pushed is shown in the end', () => {
    fc.assert(
      fc.property(cutText, ({ source, pieces }) => {
        const { text, tokens } = run(pieces, []);
        assert.equal(text, source);
        assert.equal(tokens.length, pieces.length);
      }),
    );
  });

  it('holds back only what can become a stop string', () => {
    const { texts } = run(['x', 'a', 'b', 'a', 'y'].map(bytes), ['abc']);
    assert.deepEqual(texts, ['x', '', '', 'ab', 'ay', '']);
  });

  it('shows what was held back when the generation ends', () => {
    const { texts, stopped } = run(['xa', 'b'].map(bytes), ['abc']);
    assert.deepEqual(texts, ['x', '', 'ab']);
    assert.equal(stopped, false);
  });

  it('cuts the token in which the stop string starts, and drops those after', () => {
    const { tokens } = run(['one', ' two', 'S', 'TOP', ' three'].map(bytes), ['woSTOP']);
    assert.deepEqual(
      tokens.map(({ id, text }) => [id, text]),
      [
        [0, 'one'],
        [1, ' t'],
      ],
    );
  });

  it('an unfinished character at the end is U+FFFD and belongs to its token', () => {
    const { texts, tokens } = run([bytes('a'), bytes('😀').subarray(0, 2)], []);
    assert.deepEqual(texts, ['a', '', '\ufffd']);
    assert.deepEqual(
      tokens.map((token) => token.text),
      ['a', '\ufffd'],
    );
  });
});

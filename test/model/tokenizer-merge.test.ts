import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MinHeap } from '../../src/model/min-heap.ts';
import { PairMerger } from '../../src/model/tokenizer-merge.ts';

type Merge = readonly [string, string];

/** Byte pair encoding by its definition: look at all pairs, merge the best, begin again. */
function mergeSlowly(piece: string, merges: readonly Merge[]): string[] {
  const tokens = Array.from(piece);
  for (;;) {
    let best = merges.length;
    let at = -1;
    for (let i = 0; i + 1 < tokens.length; i++) {
      const rank = merges.findLastIndex(([left, right]) => left === tokens[i] && right === tokens[i + 1]);
      if (rank >= 0 && rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return tokens;
    tokens.splice(at, 2, tokens[at]! + tokens[at + 1]!);
  }
}

/** Merges in which each part is a character or made by an earlier merge, and the vocabulary of them all. */
const tables = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }).map((choices) => {
  const tokens = ['a', 'b', '\u{1f600}'];
  const merges = choices.map(([i, j]): Merge => {
    const merge = [tokens[i % tokens.length]!, tokens[j % tokens.length]!] as const;
    if (!tokens.includes(merge.join(''))) tokens.push(merge.join(''));
    return merge;
  });
  return { merges, vocab: new Map(tokens.map((token, id) => [token, id * 3 + 1])) };
});

describe('byte pair encoding', () => {
  it('equals its definition', () => {
    const pieces = fc
      .array(fc.constantFrom('a', 'b', '\u{1f600}', '?'), { maxLength: 24 })
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(tables, pieces, ({ merges, vocab }, piece) => {
        const merger = new PairMerger(vocab, merges);
        const expected = mergeSlowly(piece, merges);
        assert.deepEqual(merger.merge(piece), expected);
        assert.deepEqual(merger.merge(piece), expected, 'from the cache');
      }),
      { numRuns: 500 },
    );
  });

  it('reads merges of older files, two tokens with a space between', () => {
    const vocab = new Map(['a', 'b', 'ab'].map((token, id) => [token, id]));
    assert.deepEqual(new PairMerger(vocab, ['a b']).merge('aab'), ['a', 'ab']);
  });

  it('refuses merges that are no pairs, or of unknown tokens', () => {
    const vocab = new Map(['a', 'b', 'ab'].map((token, id) => [token, id]));
    for (const merge of ['a', 'a b c', ['a'], ['a', 1], null]) {
      assert.throws(() => new PairMerger(vocab, [merge]), {
        code: 'tokenizer_unsupported',
        param: 'model.merges',
      });
    }
    assert.throws(
      () =>
        new PairMerger(vocab, [
          ['a', 'b'],
          ['b', 'a'],
        ]),
      { param: 'model.merges[1]' },
    );
  });
});

describe('MinHeap', () => {
  it('gives numbers in ascending order, whatever the order of pushes and pops', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: -9, max: 9 }))), (steps) => {
        const heap = new MinHeap();
        let model: number[] = [];
        for (const value of steps) {
          if (value !== null) {
            heap.push(value);
            model = [...model, value].sort((a, b) => a - b);
          } else {
            assert.equal(heap.pop(), model.shift());
          }
        }
        while (model.length > 0) assert.equal(heap.pop(), model.shift());
        assert.equal(heap.pop(), undefined);
      }),
    );
  });
});

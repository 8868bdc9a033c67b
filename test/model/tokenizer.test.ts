import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ggufTokenizer } from '../../src/model/gguf-tokenizer.ts';
import { createTokenizer, type Tokenizer } from '../../src/model/tokenizer.ts';
import {
  bpeCases,
  byteLevelMetadata,
  type RecordedCase,
  sentencePiece,
  sentencePieceMetadata,
  smallTokenizer,
  texts,
  unigram,
} from '../fixtures/tokenizer/index.ts';

const VOCAB = 499;
const fromGguf = (metadata: Record<string, unknown>, vocabSize: number, step?: number): Tokenizer =>
  createTokenizer(ggufTokenizer(metadata).tokenizerJson, vocabSize, step);
const small = createTokenizer(smallTokenizer, VOCAB);
const spm = fromGguf(sentencePieceMetadata(), sentencePiece.tokens.length);

function agrees(tokenizer: Tokenizer, cases: readonly RecordedCase[]): void {
  texts.forEach((text, i) => {
    const name = JSON.stringify(text);
    const { ids, plain, decoded, raw } = cases[i]!;
    assert.deepEqual(tokenizer.encode(text, { addSpecialTokens: true }).ids, ids, name);
    assert.deepEqual(tokenizer.encode(text, { addSpecialTokens: false }).ids, plain, name);
    assert.equal(tokenizer.decode(ids, { skipSpecialTokens: true }), decoded, name);
    assert.equal(tokenizer.decode(ids, { skipSpecialTokens: false }), raw, name);
  });
}

describe('tokenizer: agreement with Python tokenizers on hard texts', () => {
  it('reads a tokenizer.json as it is', () => agrees(small, bpeCases['tokenizer.json']!));

  it('reads Digits as all numbers of Unicode, with the built-in expression of ByteLevel', () => {
    const pre_tokenizer = {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
      ],
    };
    agrees(createTokenizer({ ...smallTokenizer, pre_tokenizer }, VOCAB), bpeCases.smollm!);
  });

  for (const pre of ['gpt-2', 'smollm', 'llama-bpe', 'qwen2', 'tekken', 'default']) {
    it(`GGUF byte-level BPE, pre-tokenizer ${pre}`, () => {
      agrees(fromGguf(byteLevelMetadata(pre), VOCAB), bpeCases[pre]!);
    });
  }

  for (const [form, { tokenizer, cases }] of Object.entries(unigram)) {
    it(`a unigram vocabulary with a compiled normalisation, ${form} form`, () => {
      agrees(createTokenizer(tokenizer, 256), cases);
      agrees(createTokenizer(tokenizer, 256, 7), cases);
    });
  }

  it('GGUF SentencePiece BPE, merges from scores', () => agrees(spm, sentencePiece.cases.prefix));

  it('GGUF SentencePiece BPE without a space prefix', () => {
    const metadata = { ...sentencePieceMetadata(), 'tokenizer.ggml.add_space_prefix': false };
    agrees(fromGguf(metadata, sentencePiece.tokens.length), sentencePiece.cases.plain);
  });

  for (const split of [false, true]) {
    it(`tokenizer.json with Metaspace, split ${split}`, () => {
      const { tokenizerJson } = ggufTokenizer(sentencePieceMetadata());
      const pre_tokenizer = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'first', split };
      const json = { ...tokenizerJson, normalizer: null, pre_tokenizer };
      const cases = sentencePiece.cases[split ? 'metaspace-split' : 'metaspace'];
      agrees(createTokenizer(json, sentencePiece.tokens.length), cases);
    });
  }
});

describe('tokenizer: long texts in steps', () => {
  const ADDED = [
    { content: '<lo', lstrip: true },
    { content: '<lo>', rstrip: true },
    { content: 'ng', normalized: true, lstrip: true, rstrip: true },
  ].map((token, i) => ({ id: i, special: false, normalized: false, ...token }));
  const withAdded = { ...smallTokenizer, added_tokens: [...smallTokenizer.added_tokens, ...ADDED] };
  const noSpace = { ...sentencePieceMetadata(), 'tokenizer.ggml.add_space_prefix': false };
  const { tokenizerJson } = ggufTokenizer(sentencePieceMetadata());
  const metaspace = (split: boolean) => ({
    ...tokenizerJson,
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'first', split },
  });
  const SIZE = sentencePiece.tokens.length;
  const kinds: Record<string, (step?: number) => Tokenizer> = {
    'tokenizer.json': (step) => createTokenizer(smallTokenizer, VOCAB, step),
    'tokens that strip white space': (step) => createTokenizer(withAdded, VOCAB, step),
    SentencePiece: (step) => fromGguf(sentencePieceMetadata(), SIZE, step),
    'SentencePiece without prefix': (step) => fromGguf(noSpace, SIZE, step),
    Metaspace: (step) => createTokenizer(metaspace(false), SIZE, step),
    'Metaspace, split': (step) => createTokenizer(metaspace(true), SIZE, step),
  };
  for (const pre of ['gpt-2', 'smollm', 'llama-bpe', 'qwen2', 'tekken', 'default']) {
    kinds[pre] = (step) => fromGguf(byteLevelMetadata(pre), VOCAB, step);
  }
  const joined = fc
    .array(
      fc.oneof(fc.constantFrom(...texts), fc.constantFrom(' <lo', '<lo> ', ' ng ', '<s>', '\n\n', '\ud83d')),
    )
    .map((parts) => parts.join(''));

  for (const [name, create] of Object.entries(kinds)) {
    it(`gives the tokens of one piece, whatever the step: ${name}`, () => {
      const whole = create(Number.POSITIVE_INFINITY);
      const steps = [1, 2, 3, 7, 30].map(create);
      fc.assert(
        fc.property(joined, fc.constantFrom(...steps), fc.boolean(), (text, inSteps, addSpecialTokens) => {
          const options = { addSpecialTokens };
          assert.deepEqual(inSteps.encode(text, options), whole.encode(text, options));
        }),
        { numRuns: 300 },
      );
      for (const text of texts) {
        const options = { addSpecialTokens: true };
        for (const inSteps of steps)
          assert.deepEqual(inSteps.encode(text, options), whole.encode(text, options));
      }
    });
  }

  for (const [name, unit] of Object.entries({
    digits: '7',
    words: 'the quick brown fox ',
    letters: 'x',
    spaces: ' ',
    'special tokens': '<s>',
    'spaces and stops': ' .',
    emoji: '\u{1f600}',
  })) {
    for (const [kind, tokenizer] of Object.entries({ 'byte-level': small, SentencePiece: spm })) {
      it(`a long text of ${name} takes many steps: ${kind}`, () => {
        const steps = tokenizer.encodeSteps(unit.repeat(200_000 / unit.length), { addSpecialTokens: true });
        let count = 1;
        let found = 0;
        for (let step = steps.next(); !step.done; step = steps.next()) {
          count++;
          assert.ok(step.value >= found);
          found = step.value;
        }
        assert.ok(count > 10, `${count} steps`);
      });
    }
  }
});

describe('tokenizer: tokens', () => {
  const encode = (text: string) => small.encode(text, { addSpecialTokens: false });

  it('gives the strings of the vocabulary', () => {
    const { ids, tokens } = encode('hi <s>\n');
    assert.deepEqual(ids.map(small.token), tokens);
    assert.equal(tokens.at(-1), 'Ċ');
    assert.ok(tokens.includes('<s>'));
  });

  it('the bytes of the tokens are the bytes of the text', () => {
    for (const text of texts) {
      const bytes = Buffer.concat(encode(text).ids.map(small.tokenBytes));
      assert.deepEqual(bytes, Buffer.from(text, 'utf8'), JSON.stringify(text));
    }
  });

  it('byte tokens of SentencePiece stand for one byte', () => {
    const { ids } = spm.encode('\u{1f600}', { addSpecialTokens: false });
    const bytes = Buffer.concat(ids.map(spm.tokenBytes));
    assert.deepEqual(bytes, Buffer.from(' \u{1f600}', 'utf8'));
  });

  it('an id of the model without a token stands for nothing', () => {
    const padded = createTokenizer(smallTokenizer, VOCAB + 13);
    assert.equal(padded.token(VOCAB + 3), undefined);
    assert.deepEqual(padded.tokenBytes(VOCAB + 3), new Uint8Array());
    assert.equal(padded.decode([VOCAB + 3, ...encode('ok').ids], { skipSpecialTokens: false }), 'ok');
  });

  it('a lone surrogate is U+FFFD', () => {
    assert.deepEqual(encode('a\ud800b').ids, encode('a\ufffdb').ids);
    assert.deepEqual(encode('\udc00\ud800').ids, encode('\ufffd\ufffd').ids);
    assert.deepEqual(encode('\u{1f600}').ids.map(small.tokenBytes).length, 4);
  });

  it('refuses a token that the model has no embedding for', () => {
    const cut = createTokenizer(smallTokenizer, 2);
    assert.throws(() => cut.encode('x<s>', { addSpecialTokens: false }), {
      code: 'token_outside_model',
      expected: 2,
    });
  });

  it('knows which tokens are special', () => {
    assert.deepEqual([0, 1, 2, 3].map(small.isSpecial), [true, true, true, false]);
    assert.equal(spm.isSpecial(sentencePiece.tokens.indexOf('<pad>')), false);
  });

  it('knows the longest token', () => {
    const lengths = Object.values(smallTokenizer.model.vocab).map((id) => small.tokenBytes(id).length);
    assert.equal(small.maxTokenBytes, Math.max(...lengths));
  });
});

describe('tokenizer: text stream', () => {
  const WELL_FORMED = /^\P{Surrogate}*$/u;

  for (const [name, tokenizer, size] of [
    ['byte-level', small, VOCAB],
    ['SentencePiece', spm, sentencePiece.tokens.length],
  ] as const) {
    it(`adds up to decode, whatever the tokens: ${name}`, () => {
      const ids = fc.array(fc.nat({ max: size - 1 }), { maxLength: 40 });
      fc.assert(
        fc.property(ids, fc.boolean(), (tokens, skipSpecialTokens) => {
          const stream = tokenizer.textStream({ skipSpecialTokens, continues: false });
          const pieces = tokens.map((token) => stream.push(token));
          assert.ok(pieces.every((piece) => WELL_FORMED.test(piece)));
          const shown = tokens.filter((id) => !skipSpecialTokens || !tokenizer.isSpecial(id));
          const text = Buffer.concat(shown.map(tokenizer.tokenBytes)).toString('utf8');
          const cut = tokenizer === spm ? text.replace(/^ /, '') : text;
          assert.equal(pieces.join('') + stream.flush(), cut);
          assert.equal(tokenizer.decode(tokens, { skipSpecialTokens }), cut);
        }),
      );
    });
  }

  it('gives a character when its last byte has come', () => {
    const stream = small.textStream({ skipSpecialTokens: true, continues: true });
    const { ids } = small.encode('\u{1f600}!', { addSpecialTokens: false });
    assert.deepEqual(
      ids.map((token) => stream.push(token)),
      ['', '', '', '\u{1f600}', '!'],
    );
    assert.equal(stream.flush(), '');
  });

  it('an unfinished character ends as U+FFFD', () => {
    const stream = small.textStream({ skipSpecialTokens: true, continues: true });
    const { ids } = small.encode('\u{1f600}', { addSpecialTokens: false });
    assert.equal(stream.push(ids[0]!) + stream.push(ids[1]!), '');
    assert.equal(stream.flush(), '\ufffd');
  });

  it('keeps the space at the start of a continuation, unlike decode', () => {
    const { ids } = spm.encode('hello', { addSpecialTokens: false });
    const stream = spm.textStream({ skipSpecialTokens: true, continues: true });
    assert.equal(ids.map((token) => stream.push(token)).join(''), ' hello');
    assert.equal(spm.decode(ids, { skipSpecialTokens: true }), 'hello');
  });
});

describe('tokenizer: what is refused', () => {
  const refused = (change: Record<string, unknown>, param: string) =>
    assert.throws(() => createTokenizer({ ...smallTokenizer, ...change }, VOCAB), {
      kind: 'unprocessable',
      code: 'tokenizer_unsupported',
      param,
    });
  const model = (change: Record<string, unknown>) => ({ model: { ...smallTokenizer.model, ...change } });
  const pre = (pre_tokenizer: unknown) => ({ pre_tokenizer });

  it('other models than BPE and unigrams, broken ones, and options of BPE that change text', () => {
    refused(model({ type: 'WordPiece' }), 'model.type');
    const unigramOf = (vocab: unknown) => model({ type: 'Unigram', unk_id: 0, vocab });
    refused(unigramOf([['a', 'b']]), 'model.vocab[0]');
    refused(unigramOf([['a', Number.POSITIVE_INFINITY]]), 'model.vocab[0]');
    refused(unigramOf([['a'.repeat(1025), -1]]), 'model.vocab[0]');
    refused(model({ type: 'Unigram', unk_id: 1, vocab: [['a', -1]] }), 'model.unk_id');
    refused(model({ continuing_subword_prefix: '##' }), 'model.continuing_subword_prefix');
    refused(model({ end_of_word_suffix: '</w>' }), 'model.end_of_word_suffix');
    refused(model({ vocab: { a: -1 } }), 'model.vocab["a"]');
    refused(model({ merges: undefined }), 'model.merges');
    refused({ model: null }, 'model');
  });

  it('components without an exact equal in the library', () => {
    refused(pre({ type: 'Whitespace' }), 'pre_tokenizer.type');
    refused(
      pre({ type: 'Sequence', pretokenizers: [{ type: 'Punctuation' }] }),
      'pre_tokenizer.pretokenizers[0].type',
    );
    refused(pre({ type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithNext' }), 'pre_tokenizer');
    const atSpaces = pre({ type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious' });
    refused(atSpaces, 'pre_tokenizer');
    for (const [text, content] of [
      ['_', '\u2581'],
      [' ', ' .'],
    ]) {
      refused(
        { ...atSpaces, normalizer: { type: 'Replace', pattern: { String: text }, content } },
        'pre_tokenizer',
      );
    }
    refused(pre({ type: 'ByteLevel', add_prefix_space: true }), 'pre_tokenizer.add_prefix_space');
    refused(pre({ type: 'Metaspace' }), 'pre_tokenizer.replacement');
    refused({ normalizer: { type: 'BertNormalizer' } }, 'normalizer.type');
    refused({ post_processor: { type: 'RobertaProcessing' } }, 'post_processor.type');
    refused(
      { post_processor: { type: 'Sequence', processors: [{ type: 'RobertaProcessing' }] } },
      'post_processor.processors[0].type',
    );
    refused({ decoder: { type: 'WordPiece' } }, 'decoder.type');
    refused(
      { decoder: { type: 'Sequence', decoders: [{ type: 'Strip', content: ' ' }] } },
      'decoder.decoders[0]',
    );
    refused({ decoder: null }, 'decoder');
  });

  it('added tokens that cannot be matched exactly', () => {
    const token = { id: 0, content: '<pad>', special: true };
    refused({ added_tokens: [{ ...token, single_word: true }] }, 'added_tokens[0].single_word');
    refused({ added_tokens: [{ ...token, content: '' }] }, 'added_tokens[0].content');
    refused({ added_tokens: [{ ...token, id: 'x' }] }, 'added_tokens[0].id');
  });

  it('an expression that cannot be compiled', () => {
    const Regex = '(unclosed';
    refused(pre({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }), 'tokenizer');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ggufTokenizer } from '../../src/model/gguf-tokenizer.ts';
import { createTokenizer } from '../../src/model/tokenizer.ts';
import { byteLevelMetadata, sentencePiece, sentencePieceMetadata } from '../fixtures/tokenizer/index.ts';

const G = 'tokenizer.ggml.';
const bpe = byteLevelMetadata('gpt-2');
const spm = sentencePieceMetadata();
const withField = (base: Record<string, unknown>, name: string, value: unknown) => ({
  ...base,
  [`${G}${name}`]: value,
});

describe('ggufTokenizer: special tokens', () => {
  it('every end-of-something id ends a generation, once', () => {
    const metadata = withField(
      withField(withField(bpe, 'eot_token_id', 7), 'eom_token_id', 1),
      'bos_token_id',
      2n,
    );
    const { bos, eos } = ggufTokenizer(metadata);
    assert.equal(bos, 2);
    assert.deepEqual(eos, [1, 7]);
  });

  it('adds BOS and EOS when the file says so', () => {
    const metadata = withField(withField(bpe, 'add_bos_token', true), 'add_eos_token', true);
    const tokenizer = createTokenizer(ggufTokenizer(metadata).tokenizerJson, 499);
    const plain = tokenizer.encode('hi', { addSpecialTokens: false }).ids;
    assert.deepEqual(tokenizer.encode('hi', { addSpecialTokens: true }).ids, [2, ...plain, 1]);
  });

  it('the file overrules the pre-tokenizer: no BOS for Llama 3', () => {
    const metadata = withField(byteLevelMetadata('llama-bpe'), 'add_bos_token', false);
    const tokenizer = createTokenizer(ggufTokenizer(metadata).tokenizerJson, 499);
    assert.equal(tokenizer.encode('hi', { addSpecialTokens: true }).ids.includes(2), false);
  });

  it('hands on the chat template and the names of the special tokens', () => {
    const { chatTemplate, tokenizerConfig } = ggufTokenizer({ ...bpe, 'tokenizer.chat_template': '{{ x }}' });
    assert.equal(chatTemplate, '{{ x }}');
    assert.deepEqual(tokenizerConfig, {
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: null,
      pad_token: null,
      add_bos_token: false,
      add_eos_token: false,
      clean_up_tokenization_spaces: false,
      chat_template: '{{ x }}',
    });
    assert.equal(ggufTokenizer(bpe).chatTemplate, null);
  });

  it('unused tokens fill ids only: text never becomes one, and they decode to nothing', () => {
    const tokens = [...(bpe[`${G}tokens`] as string[]), '[PAD499]'];
    const types = [...(bpe[`${G}token_type`] as number[]), 5];
    const { tokenizerJson } = ggufTokenizer(withField(withField(bpe, 'tokens', tokens), 'token_type', types));
    const tokenizer = createTokenizer(tokenizerJson, 500);
    assert.equal(tokenizer.encode('[PAD499]', { addSpecialTokens: false }).ids.includes(499), false);
    assert.equal(tokenizer.decode([499], { skipSpecialTokens: false }), '');
  });

  it('without token types every token is a normal one', () => {
    const { tokenizerJson } = ggufTokenizer(withField(bpe, 'token_type', undefined));
    assert.deepEqual((tokenizerJson as { added_tokens: unknown }).added_tokens, []);
  });

  it('without a pre-tokenizer llama.cpp takes its default one', () => {
    const { tokenizerJson } = ggufTokenizer(withField(bpe, 'pre', undefined));
    assert.deepEqual(tokenizerJson, ggufTokenizer(byteLevelMetadata('default')).tokenizerJson);
  });
});

describe('ggufTokenizer: merges from scores', () => {
  it('ranks the piece with the better score first, then the longer left half', () => {
    const tokens = ['<unk>', 'a', 'b', 'c', 'ab', 'bc', 'abc'];
    const metadata = {
      [`${G}model`]: 'llama',
      [`${G}tokens`]: tokens,
      [`${G}scores`]: [0, -9, -9, -9, -2, -1, -3],
      [`${G}token_type`]: [2, 1, 1, 1, 1, 1, 1],
      [`${G}add_bos_token`]: false,
    };
    const { tokenizerJson } = ggufTokenizer(metadata);
    assert.deepEqual((tokenizerJson as { model: { merges: unknown } }).model.merges, [
      ['b', 'c'],
      ['a', 'b'],
      ['ab', 'c'],
      ['a', 'bc'],
    ]);
  });
});

describe('ggufTokenizer: what is refused names its field', () => {
  const tokens = bpe[`${G}tokens`] as string[];
  const cases: [string, Record<string, unknown>, string][] = [
    ['no model', withField(bpe, 'model', undefined), 'model'],
    ['another model', withField(bpe, 'model', 'rwkv'), 'model'],
    ['no tokens', withField(bpe, 'tokens', undefined), 'tokens'],
    ['tokens that are no strings', withField(bpe, 'tokens', ['a', 1]), 'tokens[1]'],
    ['a token twice', withField(bpe, 'tokens', tokens.with(9, tokens[4]!)), 'tokens[9]'],
    ['an unknown pre-tokenizer', withField(bpe, 'pre', 'martian'), 'pre'],
    ['a pre-tokenizer that is no string', withField(bpe, 'pre', 3), 'pre'],
    ['no merges', withField(bpe, 'merges', undefined), 'merges'],
    ['a merge of one token', withField(bpe, 'merges', ['h e', 'hello']), 'merges[1]'],
    ['a merge of unknown tokens', withField(bpe, 'merges', ['qq zz']), 'merges[0]'],
    ['too few token types', withField(bpe, 'token_type', [1]), 'token_type'],
    [
      'a token type of 9',
      withField(
        bpe,
        'token_type',
        tokens.map(() => 9),
      ),
      'token_type[0]',
    ],
    ['an EOS beyond the vocabulary', withField(bpe, 'eos_token_id', 499), 'eos_token_id'],
    ['a fractional BOS', withField(bpe, 'bos_token_id', 1.5), 'bos_token_id'],
    [
      'BOS wanted but not named',
      withField(withField(bpe, 'add_bos_token', true), 'bos_token_id', null),
      'bos_token_id',
    ],
    ['a flag that is a number', withField(bpe, 'add_bos_token', 1), 'add_bos_token'],
    ['SentencePiece without scores', withField(spm, 'scores', undefined), 'scores'],
    [
      'a score that is no number',
      withField(spm, 'scores', sentencePiece.scores.with(5, Number.NaN)),
      'scores[5]',
    ],
    ['whitespace removal', withField(spm, 'remove_extra_whitespaces', true), 'remove_extra_whitespaces'],
  ];
  for (const [name, metadata, field] of cases) {
    it(name, () => {
      assert.throws(() => ggufTokenizer(metadata), {
        kind: 'unprocessable',
        code: 'gguf_tokenizer',
        param: `${G}${field}`,
      });
    });
  }

  it('a chat template that is no string', () => {
    assert.throws(() => ggufTokenizer({ ...bpe, 'tokenizer.chat_template': 1 }), {
      param: 'tokenizer.chat_template',
    });
  });
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { T5Config } from '../../src/families/encoder-decoder.ts';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { loadTokenizer } from '../../src/model/tokenizer.ts';
import { texts, unigram } from '../fixtures/tokenizer/index.ts';
import { RECORDINGS } from '../support/recordings.ts';
import { type NamedTensor, readTensors } from './gguf-model.ts';
import { encodeGguf, type GgufEntry } from './gguf-writer.ts';
import { copyOf, options, rewriteJson } from './hf-model.ts';
import { refused } from './refused.ts';
import { tempDirectory } from './temp-directory.ts';

/** Names of the `gguf` package's tensor table for T5, longest beginnings first; `N` is a block. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^shared\.weight$/, 'token_embd.weight'],
  [/^lm_head\.weight$/, 'output.weight'],
  [/^encoder\.final_layer_norm/, 'enc.output_norm'],
  [/^decoder\.final_layer_norm/, 'dec.output_norm'],
  [/^encoder\.block\.(\d+)\.layer\.1\.layer_norm/, 'enc.blk.$1.ffn_norm'],
  [/^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.(wi_1|wi)\b/, 'enc.blk.$1.ffn_up'],
  [/^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.wi_0/, 'enc.blk.$1.ffn_gate'],
  [/^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.wo/, 'enc.blk.$1.ffn_down'],
  [/^decoder\.block\.(\d+)\.layer\.2\.layer_norm/, 'dec.blk.$1.ffn_norm'],
  [/^decoder\.block\.(\d+)\.layer\.2\.DenseReluDense\.(wi_1|wi)\b/, 'dec.blk.$1.ffn_up'],
  [/^decoder\.block\.(\d+)\.layer\.2\.DenseReluDense\.wi_0/, 'dec.blk.$1.ffn_gate'],
  [/^decoder\.block\.(\d+)\.layer\.2\.DenseReluDense\.wo/, 'dec.blk.$1.ffn_down'],
  [/^decoder\.block\.(\d+)\.layer\.1\.layer_norm/, 'dec.blk.$1.cross_attn_norm'],
  [/^decoder\.block\.(\d+)\.layer\.1\.EncDecAttention\.(\w)\b/, 'dec.blk.$1.cross_attn_$2'],
  [/^(enc|dec)oder\.block\.(\d+)\.layer\.0\.layer_norm/, '$1.blk.$2.attn_norm'],
  [/^(enc|dec)oder\.block\.(\d+)\.layer\.0\.SelfAttention\.relative_attention_bias/, '$1.blk.$2.attn_rel_b'],
  [/^(enc|dec)oder\.block\.(\d+)\.layer\.0\.SelfAttention\.(\w)\b/, '$1.blk.$2.attn_$3'],
];

function ggufName(name: string): string {
  const [pattern, replacement] = NAMES.find(([candidate]) => candidate.test(name))!;
  return name.replace(pattern, replacement);
}

interface ConfigJson {
  readonly d_model: number;
  readonly d_ff: number;
  readonly d_kv: number;
  readonly num_layers: number;
  readonly num_decoder_layers: number;
  readonly num_heads: number;
}

type Entries = readonly (readonly [string, GgufEntry])[];

/** Metadata as convert_hf_to_gguf.py writes them. */
function metadata(config: ConfigJson): Entries {
  const { tokenizer } = unigram.published;
  const { vocab } = tokenizer.model as { vocab: readonly (readonly [string, number])[] };
  const { precompiled_charsmap: map } = tokenizer.normalizer as { precompiled_charsmap: string };
  const special = new Set(['<pad>', '</s>', '<extra_id_0>']);
  const types = vocab.map(([token]) => (token === '<unk>' ? 2 : special.has(token) ? 3 : 1));
  // The converter fills the embedding table's spare rows.
  const spare = Array.from({ length: 256 - vocab.length - 1 }, (_, i) => `[PAD${i}]`);
  const tokens = [...vocab.map(([token]) => token), '<extra_id_0>', ...spare];
  const numbers: Readonly<Record<string, number>> = {
    context_length: 512,
    embedding_length: config.d_model,
    feed_forward_length: config.d_ff,
    block_count: config.num_layers,
    decoder_block_count: config.num_decoder_layers,
    'attention.head_count': config.num_heads,
    'attention.key_length': config.d_kv,
    'attention.value_length': config.d_kv,
    'attention.relative_buckets_count': 8,
    decoder_start_token_id: 0,
  };
  return [
    ['general.architecture', ['string', 't5']],
    ...Object.entries(numbers).map(
      ([key, value]) => [`t5.${key}`, ['uint32', value]] satisfies [string, GgufEntry],
    ),
    ['t5.attention.layer_norm_rms_epsilon', ['float32', 1e-6]],
    ['tokenizer.ggml.model', ['string', 't5']],
    ['tokenizer.ggml.tokens', ['array', 'string', tokens]],
    [
      'tokenizer.ggml.scores',
      ['array', 'float32', [...vocab.map(([, score]) => score), ...Array(256 - vocab.length).fill(-1000)]],
    ],
    ['tokenizer.ggml.token_type', ['array', 'int32', [...types, 3, ...spare.map(() => 5)]]],
    ['tokenizer.ggml.precompiled_charsmap', ['array', 'uint32', [...Buffer.from(map, 'base64')]]],
    ['tokenizer.ggml.eos_token_id', ['uint32', 1]],
    ['tokenizer.ggml.unknown_token_id', ['uint32', 2]],
    ['tokenizer.ggml.padding_token_id', ['uint32', 0]],
    ['tokenizer.ggml.add_bos_token', ['bool', false]],
    ['tokenizer.ggml.add_eos_token', ['bool', true]],
    ['tokenizer.ggml.add_space_prefix', ['bool', true]],
    ['tokenizer.ggml.remove_extra_whitespaces', ['bool', true]],
  ];
}

function writeGguf(
  t: TestContext,
  family: string,
  change: (entries: Entries) => Entries = (entries) => entries,
  extra: readonly NamedTensor[] = [],
): string {
  const directory = join(RECORDINGS, family, 'model');
  const config = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')) as ConfigJson;
  const tensors = readTensors(directory).map((tensor) => ({ ...tensor, name: ggufName(tensor.name) }));
  const path = join(tempDirectory(t), 'model.gguf');
  writeFileSync(path, encodeGguf({ metadata: change(metadata(config)), tensors: [...tensors, ...extra] }));
  return path;
}

for (const family of ['t5', 't5v11']) {
  for (const precision of ['float32', 'float16', 'int8', 'int4'] as const) {
    test(`${family}, ${precision}: both formats of one model give the same bundle`, async (t) => {
      // GGUF has no field for the largest distance.
      const directory = copyOf(t, join(RECORDINGS, family, 'model'));
      rewriteJson(join(directory, 'config.json'), { relative_attention_max_distance: 128 });
      const huggingFace = await importModel(options(t, { source: directory, precision }));
      const gguf = await importModel(options(t, { source: writeGguf(t, family), precision }));
      assert.deepEqual(gguf.manifest.config, huggingFace.manifest.config);
      assert.deepEqual(gguf.manifest.tokens.eos, [1]);
      const { weights, embeddings, graph, encoder } = BUNDLE_FILES;
      for (const name of [weights, embeddings, graph, encoder]) {
        assert.deepEqual(gguf.manifest.files[name], huggingFace.manifest.files[name], name);
      }
    });
  }
}

test('the tokenizer of a file gives the ids of the published form', async (t) => {
  const tokenizer = await loadTokenizer(await importModel(options(t, { source: writeGguf(t, 't5') })));
  for (const [i, text] of texts.entries()) {
    const { ids, plain } = unigram.published.cases[i]!;
    assert.deepEqual(tokenizer.encode(text, { addSpecialTokens: true }).ids, ids, JSON.stringify(text));
    assert.deepEqual(tokenizer.encode(text, { addSpecialTokens: false }).ids, plain, JSON.stringify(text));
  }
  // A spare row of the embedding table is no token.
  assert.ok(!tokenizer.encode('[PAD3]', { addSpecialTokens: false }).ids.some((id) => id > 200));
});

test('a table that nothing reads is left out; what is missing or wrong is named', async (t) => {
  const unused: NamedTensor = {
    name: 'dec.blk.0.cross_attn_rel_b.weight',
    shape: [8, 4],
    type: 0,
    data: new Uint8Array(128),
  };
  const source = writeGguf(t, 't5', (entries) => entries, [unused]);
  const { manifest } = await importModel(options(t, { source }));
  assert.equal((manifest.config as T5Config).scaledHead, true);

  const replaced = (key: string, entry: GgufEntry | null) => (entries: Entries) =>
    entries.flatMap((given) => (given[0] !== key ? [given] : entry === null ? [] : [[key, entry] as const]));
  for (const [key, entry, code] of [
    ['t5.attention.relative_buckets_count', ['uint32', 7], 'unsupported_config'],
    ['t5.attention.key_length', null, 'unsupported_config'],
    ['t5.decoder_start_token_id', ['uint32', 256], 'unsupported_config'],
    ['tokenizer.ggml.unknown_token_id', null, 'gguf_tokenizer'],
    ['tokenizer.ggml.scores', null, 'gguf_tokenizer'],
    ['tokenizer.ggml.remove_extra_whitespaces', ['bool', false], 'gguf_tokenizer'],
    ['tokenizer.ggml.precompiled_charsmap', ['array', 'uint32', [1, 999]], 'gguf_tokenizer'],
  ] as const) {
    const broken = writeGguf(t, 't5', replaced(key, entry as GgufEntry | null));
    await assert.rejects(importModel(options(t, { source: broken })), refused(code, key));
  }
});

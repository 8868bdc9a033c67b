import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSafetensors, tensorBytes, toFloat32 } from '../../src/formats/safetensors.ts';
import { encodeGguf, GGML_TYPE, type GgufEntry, type GgufTensor } from './gguf-writer.ts';

/** Beginnings of Hugging Face names (without layer) and llama.cpp's names for them. */
const NAMES: readonly (readonly [string, string])[] = [
  ['model.embed_tokens', 'token_embd'],
  ['model.norm', 'output_norm'],
  ['lm_head', 'output'],
  ['input_layernorm', 'attn_norm'],
  ['post_attention_layernorm', 'ffn_norm'],
  ['self_attn.q_proj', 'attn_q'],
  ['self_attn.k_proj', 'attn_k'],
  ['self_attn.v_proj', 'attn_v'],
  ['self_attn.q_norm', 'attn_q_norm'],
  ['self_attn.k_norm', 'attn_k_norm'],
  ['self_attn.o_proj', 'attn_output'],
  ['mlp.gate_proj', 'ffn_gate'],
  ['mlp.up_proj', 'ffn_up'],
  ['mlp.down_proj', 'ffn_down'],
];

/** Of gemma3; the first that fits counts. */
const GEMMA3_NAMES: typeof NAMES = [
  ['post_attention_layernorm', 'post_attention_norm'],
  ['pre_feedforward_layernorm', 'ffn_norm'],
  ['post_feedforward_layernorm', 'post_ffw_norm'],
  ...NAMES,
];

function ggufName(name: string, isGemma3: boolean): string {
  const [, layer, rest] = /^model\.layers\.(\d+)\.(.*)$/.exec(name) ?? [];
  const local = rest ?? name;
  const [theirs, ours] = (isGemma3 ? GEMMA3_NAMES : NAMES).find(([prefix]) =>
    local.startsWith(`${prefix}.`),
  )!;
  return `${layer === undefined ? '' : `blk.${layer}.`}${ours}${local.slice(theirs.length)}`;
}

/** convert_hf_to_gguf.py: `weights.reshape(heads, 2, rows / heads / 2, ...).swapaxes(1, 2)`. */
function permute(bytes: Uint8Array, rows: number, heads: number): Uint8Array {
  const rowBytes = bytes.length / rows;
  const half = rows / heads / 2;
  const out: Uint8Array[] = [];
  for (let head = 0; head < heads; head++) {
    for (let b = 0; b < half; b++) {
      for (let a = 0; a < 2; a++) {
        const row = (head * 2 + a) * half + b;
        out.push(bytes.subarray(row * rowBytes, (row + 1) * rowBytes));
      }
    }
  }
  return Buffer.concat(out);
}

export interface ConfigJson {
  readonly model_type: string;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim?: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly vocab_size: number;
  readonly sliding_window?: number | null;
  readonly rope_parameters: { readonly rope_theta: number } | Gemma3Rope;
}

interface Gemma3Rope {
  readonly full_attention: { readonly rope_theta: number; readonly factor: number };
  readonly sliding_attention: { readonly rope_theta: number };
}

/** One token per id; nothing merges. */
const tokenizer = (vocab: number): readonly (readonly [string, GgufEntry])[] => [
  ['tokenizer.ggml.model', ['string', 'gpt2']],
  ['tokenizer.ggml.pre', ['string', 'smollm']],
  ['tokenizer.ggml.tokens', ['array', 'string', Array.from({ length: vocab }, (_, id) => `t${id}`)]],
  ['tokenizer.ggml.merges', ['array', 'string', []]],
  ['tokenizer.ggml.bos_token_id', ['uint32', 2]],
  ['tokenizer.ggml.eos_token_id', ['uint32', 1]],
];

/** Metadata as convert_hf_to_gguf.py writes them. */
export function ggufMetadata(config: ConfigJson): readonly (readonly [string, GgufEntry])[] {
  const architecture = architectureOf(config);
  const numbers: Readonly<Record<string, number>> = {
    block_count: config.num_hidden_layers,
    context_length: config.max_position_embeddings,
    embedding_length: config.hidden_size,
    feed_forward_length: config.intermediate_size,
    'attention.head_count': config.num_attention_heads,
    'attention.head_count_kv': config.num_key_value_heads,
    'attention.sliding_window': config.sliding_window ?? 0,
    'attention.key_length': config.head_dim ?? config.hidden_size / config.num_attention_heads,
    vocab_size: config.vocab_size,
  };
  return [
    ['general.architecture', ['string', architecture]],
    ...Object.entries(numbers).map(
      ([key, value]) => [`${architecture}.${key}`, ['uint32', value]] satisfies [string, GgufEntry],
    ),
    [`${architecture}.attention.layer_norm_rms_epsilon`, ['float32', config.rms_norm_eps]],
    ...ropeEntries(config).map(
      ([key, entry]) => [`${architecture}.${key}`, entry] satisfies [string, GgufEntry],
    ),
    ...tokenizer(config.vocab_size),
  ];
}

/** llama.cpp has no architecture of its own for mistral. */
function architectureOf({ model_type: type }: ConfigJson): string {
  if (type === 'gemma3_text') return 'gemma3';
  return type.startsWith('qwen') ? type : 'llama';
}

/** Of the fixture of gemma3 every third layer is global. */
function ropeEntries({ rope_parameters: rope }: ConfigJson): readonly (readonly [string, GgufEntry])[] {
  if ('rope_theta' in rope) return [['rope.freq_base', ['float32', rope.rope_theta]]];
  return [
    ['attention.sliding_window_pattern', ['uint32', 3]],
    ['rope.freq_base', ['float32', rope.full_attention.rope_theta]],
    ['rope.freq_base_swa', ['float32', rope.sliding_attention.rope_theta]],
    ['rope.scaling.type', ['string', 'linear']],
    ['rope.scaling.factor', ['float32', rope.full_attention.factor]],
  ];
}

/** Gemma's converter adds 1 to the scales of norms, in float32. */
function addOne({ type, data, ...tensor }: NamedTensor): NamedTensor {
  const storage = type === GGML_TYPE.BF16 ? 'BF16' : 'F32';
  const shifted = toFloat32(data, storage).map((value) => value + 1);
  return { ...tensor, type: GGML_TYPE.F32, data: new Uint8Array(shifted.buffer) };
}

/** A tensor of a model under its Hugging Face name. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly data: Uint8Array;
}

/** The GGUF file of a model, as convert_hf_to_gguf.py makes it. `extra`: tensors under GGUF names. */
export function modelToGguf(
  config: ConfigJson,
  tensors: readonly NamedTensor[],
  extra: readonly GgufTensor[] = [],
): Buffer {
  const isGemma3 = config.model_type === 'gemma3_text';
  const converted = tensors.map((tensor) => {
    const isCentred = isGemma3 && tensor.name.endsWith('norm.weight');
    const { name, shape, type, data } = isCentred ? addOne(tensor) : tensor;
    const heads = name.includes('.q_proj.') ? config.num_attention_heads : config.num_key_value_heads;
    const isPermuted = /\.[qk]_proj\./.test(name) && architectureOf(config) === 'llama';
    return {
      name: ggufName(name, isGemma3),
      shape,
      type,
      data: isPermuted ? permute(data, shape[0]!, heads) : data,
    };
  });
  return encodeGguf({ metadata: ggufMetadata(config), tensors: [...converted, ...extra] });
}

/** All tensors of a Hugging Face directory. */
export function readTensors(directory: string): readonly NamedTensor[] {
  const shards = readdirSync(directory).filter((name) => name.endsWith('.safetensors'));
  return shards.flatMap((shard) => {
    const file = readFileSync(join(directory, shard));
    const header = parseSafetensors(file);
    return header.tensors.map((entry) => ({
      name: entry.name,
      shape: entry.shape,
      type: GGML_TYPE[entry.dtype as 'F32' | 'F16' | 'BF16'],
      data: tensorBytes(file, header, entry),
    }));
  });
}

import type { ModelConfig } from '../families/index.ts';
import { ggufT5Name } from './gguf-t5.ts';

/** GGUF tensor names of a whole model, and the Hugging Face names of the same tensors. */
const MODEL_NAMES: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};

/** Parts of a layer: GGUF's `blk.3.attn_q.weight` is `model.layers.3.self_attn.q_proj.weight`. */
const LAYER_NAMES: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  ffn_norm: 'post_attention_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

/** Gemma has norms on both sides, under names of their own. */
const GEMMA3_LAYER_NAMES: Readonly<Record<string, string>> = {
  ...LAYER_NAMES,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};

const LAYER_TENSOR = /^blk\.(0|[1-9][0-9]{0,8})\.([a-z_]+)\.(weight|bias)$/;

/** The Hugging Face name of a GGUF tensor; a name that is not in the table stays as it is. */
export function huggingFaceName(name: string, config: ModelConfig): string {
  const { architecture } = config;
  if (architecture === 't5') return ggufT5Name(name, config);
  const layerNames = architecture === 'gemma3' ? GEMMA3_LAYER_NAMES : LAYER_NAMES;
  const [, layer, part, suffix] = LAYER_TENSOR.exec(name) ?? [];
  if (part !== undefined && Object.hasOwn(layerNames, part)) {
    return `model.layers.${layer}.${layerNames[part]}.${suffix}`;
  }
  return Object.hasOwn(MODEL_NAMES, name) ? MODEL_NAMES[name]! : name;
}

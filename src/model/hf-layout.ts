import type { ModelConfig } from '../families/index.ts';
import { HEAD } from './expected-tensors.ts';

/** Buffers of old checkpoints that are computed from the configuration. */
const COMPUTED_BUFFER = /\.rotary_emb\.inv_freq$|\.attn\.(masked_)?bias$/;

/** transformers' Conv1D layers, which keep their weight as [in, out]. */
const CONV1D = /^transformer\.h\.\d+\.(attn|mlp)\.c_\w+\.weight$/;

/** Gemma's norms multiply by 1 + w, and checkpoints hold w. */
const CENTRED_NORM = /norm\.weight$/;

/** phi3's layers that are several of ours, one above the other. */
const JOINED = /^(.*)\.(qkv_proj|gate_up_proj)\.weight$/;

/** T5: copies of the shared table in old checkpoints, and a table that the original code wrote and never read. */
const T5_UNUSED =
  /^(encoder|decoder)\.embed_tokens\.weight$|\.EncDecAttention\.relative_attention_bias\.weight$/;

/** A tensor of the model, or rows of one, in a checkpoint. */
export interface Placement {
  /** The name under which the model knows it. */
  readonly name: string;
  /** First of its rows in the stored tensor. */
  readonly firstRow: number;
  /** Of how many rows of the stored tensor so many are its own; null: all. */
  readonly part: { readonly rows: number; readonly of: number } | null;
  /** The tensor lies as [columns, rows]. */
  readonly transposed: boolean;
  /** Added to what is stored. */
  readonly shift: number;
}

const WHOLE = { firstRow: 0, part: null, transposed: false, shift: 0 } as const;

/**
 * Which tensors of the model a stored tensor holds; none where it is computed or tied: transformers ties the head to
 * the embedding table whatever the checkpoint also holds for it. Checkpoints of GPT2Model, as OpenAI's are, leave out
 * the prefix of GPT2LMHeadModel.
 */
export function placements(stored: string, config: ModelConfig): readonly Placement[] {
  const head = `${HEAD}.weight`;
  if (config.architecture === 't5' && T5_UNUSED.test(stored)) return [];
  if (COMPUTED_BUFFER.test(stored) || (config.tiedEmbeddings && stored === head)) return [];
  if (config.architecture === 'phi3') return phi3Placements(stored, config);
  if (config.architecture === 'gemma3') {
    return [{ ...WHOLE, name: stored, shift: CENTRED_NORM.test(stored) ? 1 : 0 }];
  }
  const isBare = config.architecture === 'gpt2' && stored !== head && !stored.startsWith('transformer.');
  const name = isBare ? `transformer.${stored}` : stored;
  return [{ ...WHOLE, name, transposed: config.architecture === 'gpt2' && CONV1D.test(name) }];
}

function phi3Placements(stored: string, config: ModelConfig): readonly Placement[] {
  const [, module, layer] = JOINED.exec(stored) ?? [];
  if (layer === undefined) return [{ ...WHOLE, name: stored }];
  const { numAttentionHeads, numKeyValueHeads, headDim, intermediateSize } = config;
  const [queries, keys] = [numAttentionHeads * headDim, numKeyValueHeads * headDim];
  const parts: readonly (readonly [string, number])[] =
    layer === 'qkv_proj'
      ? [
          ['q_proj', queries],
          ['k_proj', keys],
          ['v_proj', keys],
        ]
      : [
          ['gate_proj', intermediateSize],
          ['up_proj', intermediateSize],
        ];
  const all = parts.reduce((sum, [, rows]) => sum + rows, 0);
  let firstRow = 0;
  return parts.map(([name, rows]) => {
    const part = { rows, of: all };
    const placement = { ...WHOLE, name: `${module}.${name}.weight`, firstRow, part };
    firstRow += rows;
    return placement;
  });
}

import type { Precision } from '../domain/model.ts';
import { BLOCK_LAYOUTS } from './blocks.ts';
import { isFloatStorage, type StorageType } from './storage.ts';

/**
 * How a kind of layer is held. `blockwise`: blocks of the source are kept as they are, whatever their
 * bits; weights that come as floats are quantised to `bits`.
 */
type Rule =
  | { readonly format: 'float32' }
  | { readonly format: 'rowwise-int8'; readonly hasResidual: boolean }
  | { readonly format: 'blockwise'; readonly bits: 4 | 8 };

/** The linear layers of a decoder by the last part of their names. */
type LayerKind =
  | 'q_proj'
  | 'k_proj'
  | 'v_proj'
  | 'o_proj'
  | 'gate_proj'
  | 'up_proj'
  | 'down_proj'
  | 'lm_head';

const float32 = { format: 'float32' } as const satisfies Rule;
const eightBit: Rule = { format: 'blockwise', bits: 8 };
const fourBit: Rule = { format: 'blockwise', bits: 4 };

/**
 * Which form each precision gives each layer. Measured with `scripts/precision-report.ts` on SmolLM2-135M
 * (Q4_1 file, 3,072 tokens of Python's reference and of the GNU FDL) against float32:
 *
 *     all layers as                    same top-1   perplexity   KL divergence
 *     blocks of the source                 96.7 %      +0.2 %         3.9e-3
 *     8-bit blocks of 32                   96.4 %      +0.6 %         4.8e-3
 *     rowwise-int8                         88.5 %      +3.2 %         4.2e-2
 *
 * The first line is the rounding of activations alone (accuracy_level 4 of MatMulNBits, as in llama.cpp). One
 * scale for a whole row of activations is too coarse in every layer but o_proj: hence no layer is rowwise-int8,
 * though its products take little more than half the time. 4 bits in the head alone cost 3 % of perplexity.
 */
const RULES: Readonly<
  Record<Precision, { readonly default: Rule } & Readonly<Partial<Record<LayerKind, Rule>>>>
> = {
  float32: { default: float32 },
  int8: { default: eightBit },
  int4: { default: fourBit, lm_head: eightBit },
};

/** Weights that are quantised here share a scale in blocks of this many, as ggml's do. */
const BLOCK_SIZE = 32;

/** The form in which one linear layer is stored. */
export type LinearForm =
  | { readonly format: 'float32' }
  | { readonly format: 'rowwise-int8'; readonly hasResidual: boolean }
  | {
      readonly format: 'blockwise';
      readonly bits: 4 | 8;
      readonly blockSize: number;
      readonly hasOffsets: boolean;
    };

/**
 * The form of layer `name` (without `.weight`) whose source weights are `storage` with `columns` inputs. A
 * blockwise layer whose rows are no whole blocks stays float32.
 */
export function linearForm(
  precision: Precision,
  name: string,
  storage: StorageType,
  columns: number,
): LinearForm {
  const rules = RULES[precision];
  const kind = name.slice(name.lastIndexOf('.') + 1) as LayerKind;
  const rule = rules[kind] ?? rules.default;
  if (rule.format !== 'blockwise') return rule;
  if (!isFloatStorage(storage)) {
    const { bits, blockSize, hasMinima } = BLOCK_LAYOUTS[storage];
    return { format: 'blockwise', bits, blockSize, hasOffsets: hasMinima };
  }
  if (columns % BLOCK_SIZE !== 0) return float32;
  // See quantizeBlocks.
  const hasOffsets = rule.bits === 4;
  return { format: 'blockwise', bits: rule.bits, blockSize: BLOCK_SIZE, hasOffsets };
}

import type { Precision } from '../domain/model.ts';
import { BLOCK_LAYOUTS } from './blocks.ts';
import { isFloatStorage, type StorageType } from './storage.ts';

/**
 * How a kind of layer is held. `blockwise`: blocks of the source are kept as they are, whatever their
 * bits; weights that come as floats are quantised to `bits`.
 */
type Rule =
  | { readonly format: 'float32' }
  | { readonly format: 'float16' }
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
const float16: Rule = { format: 'float16' };
const eightBit: Rule = { format: 'blockwise', bits: 8 };
const fourBit: Rule = { format: 'blockwise', bits: 4 };
const rowwise: Rule = { format: 'rowwise-int8', hasResidual: false };
const rowwiseExact: Rule = { format: 'rowwise-int8', hasResidual: true };

/**
 * Which form each precision gives each layer; the figures that decide are in docs/precision.md. Rounding gate and up
 * to 8 bits a row costs little; in the head, v and down it costs most, because of their few large inputs. A head of float16
 * would round logits between 16 and 32 to steps of 1/64, and so make tokens equal that are not.
 */
const RULES: Readonly<
  Record<Precision, { readonly default: Rule } & Readonly<Partial<Record<LayerKind, Rule>>>>
> = {
  float32: { default: float32 },
  float16: { default: float16, lm_head: float32 },
  int8: { default: rowwiseExact, gate_proj: rowwise, up_proj: rowwise },
  int4: { default: fourBit, lm_head: eightBit },
};

/** Weights that are quantised here share a scale in blocks of this many, as ggml's do. */
const BLOCK_SIZE = 32;

/** The form in which one linear layer is stored. */
export type LinearForm =
  | { readonly format: 'float32' }
  | { readonly format: 'float16' }
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

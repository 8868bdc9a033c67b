import type { Precision } from '../domain/model.ts';
import type { LinearWeight } from '../families/decoder.ts';
import { BLOCK_LAYOUTS } from './blocks.ts';
import { isFloatStorage, type StorageType } from './storage.ts';

/**
 * How a kind of layer is held. `blockwise`: source blocks are kept as they are; weights that come as floats
 * (or need it because their rows are no whole blocks) are quantised to `bits`.
 */
type Rule =
  | { readonly format: 'float32' }
  | { readonly format: 'rowwise-int8' }
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
const rowwise: Rule = { format: 'rowwise-int8' };
const eightBit: Rule = { format: 'blockwise', bits: 8 };
const fourBit: Rule = { format: 'blockwise', bits: 4 };

/** Which layers leave their precision's default, and what `scripts/precision-report.ts` said about it. */
const RULES: Readonly<
  Record<Precision, { readonly default: Rule } & Readonly<Partial<Record<LayerKind, Rule>>>>
> = {
  float32: { default: float32 },
  int8: { default: rowwise },
  int4: { default: fourBit, lm_head: eightBit },
};

/** Weights that are quantised here share a scale in blocks of this many, as ggml's do. */
const BLOCK_SIZE = 32;

/** The form in which one linear layer is stored. */
export type LinearForm =
  | { readonly format: Exclude<LinearWeight['format'], 'blockwise'> }
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
  return { format: 'blockwise', bits: rule.bits, blockSize: BLOCK_SIZE, hasOffsets: false };
}

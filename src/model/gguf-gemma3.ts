import type { DecoderSizes, Gemma3Config, RopeConfig } from '../families/decoder.ts';
import type { Fields } from './fields.ts';
import { embeddingScaleOf, localLayersOf, MAX_GEMMA3_CONTEXT, MAX_GEMMA3_LAYERS } from './gemma3.ts';

/** What every architecture's metadata say; `rope` is that of the global layers. */
type SharedFields = Omit<DecoderSizes, 'slidingWindow'> & {
  readonly rmsNormEps: number;
  readonly rope: RopeConfig;
};

/** Layers of Gemma 3 27B, the only one whose attention scale is not that of its heads. */
const LAYERS_OF_27B = 62;

/**
 * The metadata of architecture `gemma3` beside those that all have, with llama.cpp's defaults: every sixth layer is
 * global, local layers have an unscaled rotary base of 10,000, and without a window no layer is local. Files do not
 * hold the attention scale; as in llama.cpp it follows from the number of layers.
 * Throws `unprocessable` unsupported_config naming the field.
 */
export function gemma3Of(shared: SharedFields, fields: Fields): Gemma3Config {
  const key = (name: string): string => `gemma3.${name}`;
  const { hiddenSize, numLayers, numAttentionHeads, headDim, contextLength, rope } = shared;
  for (const field of ['final_logit_softcapping', 'attn_logit_softcapping']) fields.only(key(field), 0);
  if (rope.type === 'factors') throw fields.wrong('rope_freqs.weight', 'no such tensor', rope.factors);
  for (const [field, value, most] of [
    ['context_length', contextLength, MAX_GEMMA3_CONTEXT],
    ['block_count', numLayers, MAX_GEMMA3_LAYERS],
  ] as const) {
    if (value > most) throw fields.wrong(key(field), `at most ${most}`);
  }
  const window = fields.count(key('attention.sliding_window'), 0);
  // Every layer of a period of one is global.
  const period = window === 0 ? 1 : fields.size(key('attention.sliding_window_pattern'), 6);
  return {
    architecture: 'gemma3',
    ...shared,
    localRope: { type: 'default', theta: fields.positive(key('rope.freq_base_swa'), 10_000) },
    localLayers: localLayersOf(numLayers, period),
    localWindow: window === 0 ? contextLength : window,
    embeddingScale: embeddingScaleOf(hiddenSize),
    queryPreAttnScalar: numLayers === LAYERS_OF_27B ? Math.floor(hiddenSize / numAttentionHeads) : headDim,
    slidingWindow: null,
  };
}

import type { ModelInfo } from '../domain/model.ts';
import type { PeftType } from '../domain/peft.ts';
import type { AdapterConfig } from '../domain/prompt.ts';
import { prefixDim } from './model-checks.ts';
import { taskTypeOf } from './submodules.ts';

/**
 * adapter_config.json for a prompt on this model, loadable by old and new versions of PEFT: sizes explicit,
 * nothing that only some versions know. The initialisation is RANDOM, because the rows exist: TEXT would make
 * PEFT fetch a tokenizer.
 */
export function canonicalConfig(
  model: ModelInfo,
  prompt: {
    readonly peftType: PeftType;
    readonly numVirtualTokens: number;
    readonly baseModel: string | null;
    /** Whether a classification head belongs to it. PEFT itself knows which modules that are. */
    readonly hasHead: boolean;
  },
): AdapterConfig {
  const isPrefix = prompt.peftType === 'PREFIX_TUNING';
  const tokenDim = isPrefix ? prefixDim(model) : model.tokenDim;
  return {
    base_model_name_or_path: prompt.baseModel ?? defaultBaseModel(model),
    inference_mode: true,
    num_attention_heads: isPrefix ? model.numKeyValueHeads : model.numAttentionHeads,
    num_layers: model.numLayers,
    // Rows of a second one would never be read.
    num_transformer_submodules: 1,
    num_virtual_tokens: prompt.numVirtualTokens,
    peft_type: prompt.peftType,
    ...(prompt.peftType === 'PROMPT_TUNING' && { prompt_tuning_init: 'RANDOM' }),
    ...(isPrefix && { encoder_hidden_size: tokenDim, prefix_projection: false }),
    task_type: prompt.hasHead ? 'SEQ_CLS' : taskTypeOf(model),
    token_dim: tokenDim,
  };
}

/** The same for the prompts of several tasks in one adapter. */
export function multitaskConfig(
  model: ModelInfo,
  sizes: { readonly tasks: number; readonly ranks: number; readonly length: number },
): AdapterConfig {
  const prompt = { peftType: 'PROMPT_TUNING', numVirtualTokens: sizes.length } as const;
  return {
    ...canonicalConfig(model, { ...prompt, baseModel: null, hasHead: false }),
    peft_type: 'MULTITASK_PROMPT_TUNING',
    num_tasks: sizes.tasks,
    num_ranks: sizes.ranks,
  };
}

/** A hub id if the model has one, so that AutoPeftModel finds the base model. */
function defaultBaseModel({ aliases }: ModelInfo): string | null {
  return aliases.find((alias) => alias.includes('/')) ?? aliases[0] ?? null;
}

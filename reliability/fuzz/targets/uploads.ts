import { DomainError } from '../../../src/domain/errors.ts';
import type { PromptUpload } from '../../../src/domain/publishing.ts';
import { validateUpload } from '../../../src/prompts/validate.ts';
import { blowUp } from '../mutate/blow-up.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';
import { mutateSafetensors } from '../mutate/safetensors.ts';
import { uploadFault } from '../oracles/upload.ts';
import type { Input, Outcome, Target } from '../target.ts';
import { ADAPTERS, SMALL } from './adapters.ts';

/** adapter_model.safetensors, as a bare tensor and beside the config of each method. */
export const tensors: Target = {
  seeds: Object.entries(ADAPTERS).map(([context, { model }]) => ({ context, bytes: model })),
  mutate: ({ bytes }, random) =>
    random() < 0.75 ? mutateSafetensors(bytes, random) : mutateBytes(bytes, random),
  run: ({ context, bytes }) => judge({ ...uploadOf(context), model: bytes }),
};

const WORDS = [
  ...['PROMPT_TUNING', 'P_TUNING', 'PREFIX_TUNING', 'MULTITASK_PROMPT_TUNING', 'CPT', 'LORA', 'TEXT'],
  ...[
    'CAUSAL_LM',
    'SEQ_CLS',
    'SEQ_2_SEQ_LM',
    'TOKEN_CLS',
    'score',
    'classifier',
    'lm_head',
    'meta-llama/Other',
  ],
  ...['peft_type', 'task_type', 'num_virtual_tokens', 'token_dim', 'num_layers', 'num_attention_heads'],
  ...['num_transformer_submodules', 'modules_to_save', 'num_tasks', 'num_ranks', 'cpt_token_ids', 'cpt_mask'],
  ...['base_model_name_or_path', 'prompt_tuning_init', 'prompt_tuning_init_text', 'tokenizer_kwargs'],
].map((word) => JSON.stringify(word));

/** Beyond what adapter_config.json may have. */
const LARGEST_CONFIG = 300_000;
const RARE = 1 / 20_000;

/** adapter_config.json, beside a good tensor file. */
export const configs: Target = {
  seeds: Object.entries(ADAPTERS).flatMap(([context, { config }]) =>
    config === null ? [] : [{ context, bytes: config }],
  ),
  mutate({ bytes }, random) {
    if (random() < RARE) return blowUp(bytes, random, random() * LARGEST_CONFIG);
    return random() < 0.8 ? mutateJson(bytes, random, WORDS) : mutateBytes(bytes, random);
  },
  run: ({ context, bytes }) => judge({ ...uploadOf(context), kind: 'peft', config: bytes }),
};

function uploadOf(context: Input['context']): PromptUpload {
  const { config, model, taskId } = ADAPTERS[context]!;
  if (config === null) return { kind: 'tensor', model };
  return { kind: 'peft', config, model, ...(taskId !== undefined && { taskId }) };
}

function judge(upload: PromptUpload): Outcome {
  try {
    const accepted = validateUpload(upload, SMALL);
    const { peftType, numLabels } = accepted.version;
    const shape = `${peftType}${numLabels === null ? '' : ' with head'}${accepted.warnings.length > 0 ? ' and warnings' : ''}`;
    return { kind: 'accepted', shape, fault: uploadFault(upload, accepted) };
  } catch (error) {
    if (error instanceof DomainError) return { kind: 'refused', code: error.code };
    throw error;
  }
}

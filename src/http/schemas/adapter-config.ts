import { Type } from 'typebox';
import { component } from '../openapi/component.ts';

/** PEFT's file, whose fields are PEFT's to say. */
export const AdapterConfigSchema = Type.Object(
  {
    peft_type: Type.String(),
    task_type: Type.String(),
    num_virtual_tokens: Type.Integer(),
  },
  {
    additionalProperties: true,
    description: "PEFT's adapter_config.json, with all fields of its type.",
    ...component('AdapterConfig'),
  },
);

export const EXAMPLE_ADAPTER_CONFIG = {
  base_model_name_or_path: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  inference_mode: true,
  num_attention_heads: 9,
  num_layers: 30,
  num_transformer_submodules: 1,
  num_virtual_tokens: 20,
  peft_type: 'PROMPT_TUNING',
  task_type: 'CAUSAL_LM',
  token_dim: 576,
};

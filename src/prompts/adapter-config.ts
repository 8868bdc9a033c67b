import type { AdapterType } from '../domain/peft.ts';
import { checkField, configFields, wrongType } from '../peft/config-fields.ts';
import { readAdapterConfig } from '../peft/read-config.ts';

/** What adapter_config.json says, read but not yet compared with a model. */
export interface ParsedAdapterConfig {
  readonly peftType: AdapterType;
  readonly taskType: string | null;
  readonly baseModel: string | null;
  readonly numVirtualTokens: number;
  readonly tokenDim: number | null;
  readonly numTransformerSubmodules: number | null;
  readonly numAttentionHeads: number | null;
  readonly numLayers: number | null;
  /** MULTITASK_PROMPT_TUNING: how many tasks the adapter holds. */
  readonly numTasks: number | null;
  /** MULTITASK_PROMPT_TUNING: ranks of the factors of a task. */
  readonly numRanks: number | null;
  /** CPT: how many tokens the prompt was made from. */
  readonly numContextTokens: number | null;
  /** Modules beside the prompt that were trained in full; a prompt alone has none. */
  readonly modulesToSave: readonly string[];
  /** Names of fields that the method's PEFT config does not have. */
  readonly unknownFields: readonly string[];
}

/**
 * Reads adapter_config.json. Paths and names inside it are only text; nothing that it names is opened.
 * Throws `too_large`, `invalid` (JSON, types, ranges) and `unprocessable` peft_type_unsupported.
 */
export function parseAdapterConfig(bytes: Uint8Array): ParsedAdapterConfig {
  const { peftType, fields } = readAdapterConfig(bytes);
  const known = configFields(peftType);
  for (const [name, field] of known) checkField(name, field, fields.get(name));

  const text = (name: string) => (fields.get(name) as string | null | undefined) ?? null;
  const integer = (name: string) => (fields.get(name) as number | null | undefined) ?? null;
  const numVirtualTokens = integer('num_virtual_tokens');
  if (numVirtualTokens === null) throw wrongType('num_virtual_tokens', 'integer', null);
  return {
    peftType,
    taskType: text('task_type'),
    baseModel: text('base_model_name_or_path'),
    numVirtualTokens,
    tokenDim: integer('token_dim'),
    numTransformerSubmodules: integer('num_transformer_submodules'),
    numAttentionHeads: integer('num_attention_heads'),
    numLayers: integer('num_layers'),
    numTasks: integer('num_tasks'),
    numRanks: integer('num_ranks'),
    numContextTokens: (fields.get('cpt_token_ids') as number[] | null | undefined)?.length ?? null,
    modulesToSave: (fields.get('modules_to_save') as string[] | null | undefined) ?? [],
    unknownFields: [...fields.keys()].filter((name) => !known.has(name)),
  };
}

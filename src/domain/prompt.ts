import type { PromptHandle } from './engine.ts';
import type { AdapterType, PeftType } from './peft.ts';

/** One immutable version of a task's soft prompt. The tensor file itself is read separately. */
export interface PromptVersion {
  readonly task: string;
  /** 1, 2, 3, ... within the task; a number is never used twice. */
  readonly version: number;
  /** SHA-256 of the safetensors file, as uploaded; also the ETag. */
  readonly sha256: string;
  readonly peftType: PeftType;
  /** N: rows that a request sees in front of its text. */
  readonly numVirtualTokens: number;
  /** D: width of a row; of PREFIX_TUNING that of a layer's keys, kv_heads * head_dim. */
  readonly tokenDim: number;
  /** Labels of its classification head (task type SEQ_CLS); null: it has none, and generates. */
  readonly numLabels: number | null;
  /** Size of the safetensors file in bytes. */
  readonly bytes: number;
  /** Hash of the model bundle for which it was checked. */
  readonly modelHash: string;
  /** `adapter_config.json` as this service writes it: explicit sizes, keys that every PEFT version reads. */
  readonly config: AdapterConfig;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** PEFT's adapter_config.json for prompt-learning methods; only fields that all PEFT versions accept. */
export interface AdapterConfig {
  readonly peft_type: AdapterType;
  readonly task_type: 'CAUSAL_LM' | 'SEQ_2_SEQ_LM' | 'SEQ_CLS';
  readonly base_model_name_or_path: string | null;
  readonly inference_mode: boolean;
  readonly num_virtual_tokens: number;
  readonly token_dim: number;
  readonly num_transformer_submodules: number;
  readonly num_attention_heads: number;
  readonly num_layers: number;
  readonly [field: string]: unknown;
}

/** The two files of an adapter, as PEFT's `from_pretrained` loads them. */
export interface AdapterFiles {
  /** adapter_config.json */
  readonly config: Uint8Array;
  /** adapter_model.safetensors */
  readonly model: Uint8Array;
}

/** adapter_config.json as PEFT's `save_pretrained` writes it: two spaces, keys sorted, no line break at the end. */
export function encodeAdapterConfig(config: AdapterConfig): Uint8Array {
  const sorted = Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
  return new TextEncoder().encode(JSON.stringify(sorted, null, 2));
}

/** The version as the engine knows it. */
export function promptHandle(
  version: Pick<PromptVersion, 'sha256' | 'peftType' | 'numVirtualTokens'>,
): PromptHandle {
  return { key: promptKey(version), length: version.numVirtualTokens, form: promptForm(version.peftType) };
}

/** What the numbers of a method's prompt are. */
export const promptForm = (peftType: AdapterType): PromptHandle['form'] =>
  peftType === 'PREFIX_TUNING' ? 'keysValues' : 'rows';

/**
 * Identifies the content of a prompt for the engine's prefix cache. Never a task name: a task's content
 * changes when it is replaced, this key does not.
 */
export function promptKey(version: Pick<PromptVersion, 'sha256' | 'peftType'>): string {
  return `${version.peftType}:${version.sha256}`;
}

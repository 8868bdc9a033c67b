import { isJsonObject, type JsonValue } from '../formats/json.ts';
import {
  CPTConfig,
  MultitaskPromptTuningConfig,
  type OnWarning,
  PrefixTuningConfig,
  PromptEncoderConfig,
  PromptTuningConfig,
} from './configs.ts';
import { readAdapterConfig } from './read-config.ts';

export type AnyPromptConfig =
  | PromptTuningConfig
  | PromptEncoderConfig
  | PrefixTuningConfig
  | MultitaskPromptTuningConfig
  | CPTConfig;

const CLASSES = {
  PROMPT_TUNING: PromptTuningConfig,
  P_TUNING: PromptEncoderConfig,
  PREFIX_TUNING: PrefixTuningConfig,
  MULTITASK_PROMPT_TUNING: MultitaskPromptTuningConfig,
  CPT: CPTConfig,
} as const;

/**
 * Reads the bytes of an adapter_config.json, of whichever method it names. Fields that PEFT does not know are dropped
 * with a warning; nothing that the config names is opened. Throws a DomainError that names the field.
 */
export function parsePromptConfig(bytes: Uint8Array, onWarning?: OnWarning): AnyPromptConfig {
  const { peftType, fields } = readAdapterConfig(bytes);
  return new CLASSES[peftType](plain(fields) as object, onWarning);
}

function plain(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return isJsonObject(value)
    ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
    : value;
}

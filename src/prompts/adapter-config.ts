import { DomainError } from '../domain/errors.ts';
import { MAX_ADAPTER_CONFIG_BYTES, PEFT_TYPES, type PeftType } from '../domain/peft.ts';
import {
  describeJson,
  excerpt,
  isJsonObject,
  JsonError,
  type JsonValue,
  parseJson,
} from '../formats/json.ts';

/** What adapter_config.json says, read but not yet compared with a model. */
export interface ParsedAdapterConfig {
  readonly peftType: PeftType;
  readonly taskType: string | null;
  readonly baseModel: string | null;
  readonly numVirtualTokens: number;
  readonly tokenDim: number | null;
  readonly numTransformerSubmodules: number | null;
  readonly numAttentionHeads: number | null;
  readonly numLayers: number | null;
  /** Modules beside the prompt that were trained in full; a prompt alone has none. */
  readonly modulesToSave: readonly string[];
  /** Names of fields that the method's PEFT config does not have. */
  readonly unknownFields: readonly string[];
}

type FieldType = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'list of strings';

/** Fields of peft.PromptLearningConfig and its bases. PEFT writes null for what was not set. */
const COMMON_FIELDS: readonly (readonly [string, FieldType])[] = [
  ['auto_mapping', 'object'],
  ['base_model_name_or_path', 'string'],
  ['inference_mode', 'boolean'],
  ['modules_to_save', 'list of strings'],
  ['num_attention_heads', 'integer'],
  ['num_layers', 'integer'],
  ['num_transformer_submodules', 'integer'],
  ['num_virtual_tokens', 'integer'],
  ['peft_type', 'string'],
  ['peft_version', 'string'],
  ['revision', 'string'],
  ['task_type', 'string'],
  ['token_dim', 'integer'],
];

/** Fields that peft.PromptTuningConfig and peft.PromptEncoderConfig add. */
const METHOD_FIELDS: Readonly<Record<PeftType, readonly (readonly [string, FieldType])[]>> = {
  PROMPT_TUNING: [
    ['prompt_tuning_init', 'string'],
    ['prompt_tuning_init_text', 'string'],
    ['tokenizer_kwargs', 'object'],
    ['tokenizer_name_or_path', 'string'],
  ],
  P_TUNING: [
    ['encoder_dropout', 'number'],
    ['encoder_hidden_size', 'integer'],
    ['encoder_num_layers', 'integer'],
    ['encoder_reparameterization_type', 'string'],
  ],
};

/** Sizes that a config can mean seriously; the model's own are compared later. `encoder_*` are P-tuning's. */
const LARGEST_INTEGER = 2_147_483_647;
const smallestInteger = (field: string): number => (field.startsWith('encoder_') ? 0 : 1);

/**
 * Reads adapter_config.json. Paths and names inside it are only text; nothing that it names is opened.
 * Throws `too_large`, `invalid` (JSON, types, ranges) and `unprocessable` peft_type_unsupported.
 */
export function parseAdapterConfig(bytes: Uint8Array): ParsedAdapterConfig {
  const fields = parseFields(bytes);
  const peftType = parsePeftType(fields.get('peft_type'));
  const types = new Map([...COMMON_FIELDS, ...METHOD_FIELDS[peftType]]);
  for (const [name, type] of types) assertType(name, type, fields.get(name));

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
    modulesToSave: (fields.get('modules_to_save') as string[] | null | undefined) ?? [],
    unknownFields: [...fields.keys()].filter((name) => !types.has(name)),
  };
}

function parseFields(bytes: Uint8Array): ReadonlyMap<string, JsonValue> {
  if (bytes.length > MAX_ADAPTER_CONFIG_BYTES) {
    throw new DomainError('too_large', 'adapter_config_too_large', 'adapter_config.json is too large.', {
      param: 'adapter_config',
      expected: `at most ${MAX_ADAPTER_CONFIG_BYTES} bytes`,
      given: bytes.length,
    });
  }
  let value: JsonValue;
  try {
    value = parseJson(bytes, { maxDepth: 16, numbers: 'any' });
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    const message = `adapter_config.json is not acceptable: ${cause.message}`;
    throw new DomainError('invalid', `adapter_config_${cause.fault}`, message, {
      param: 'adapter_config',
      given: cause.given,
      cause,
    });
  }
  if (!isJsonObject(value)) throw wrongType('adapter_config', 'object', value);
  assertNoPrototypeKey(value);
  return value;
}

/** The same keys that request bodies may not hold: a reader of the config could take them for a prototype. */
function assertNoPrototypeKey(value: JsonValue): void {
  if (Array.isArray(value)) value.forEach(assertNoPrototypeKey);
  if (!isJsonObject(value)) return;
  for (const [key, item] of value) {
    if (key === '__proto__' || (key === 'constructor' && isJsonObject(item) && item.has('prototype'))) {
      const message = `adapter_config.json holds the key ${JSON.stringify(key)}, which is not taken anywhere.`;
      throw new DomainError('invalid', 'adapter_config_prototype_key', message, {
        param: 'adapter_config',
        expected: 'no key of this name',
        given: key,
      });
    }
    assertNoPrototypeKey(item);
  }
}

function parsePeftType(value: JsonValue | undefined): PeftType {
  if (typeof value !== 'string') throw wrongType('peft_type', 'string', value);
  const peftType = PEFT_TYPES.find((type) => type === value);
  if (peftType !== undefined) return peftType;
  throw new DomainError(
    'unprocessable',
    'peft_type_unsupported',
    `Adapters of type ${excerpt(value)} are not supported; these are: ${PEFT_TYPES.join(', ')}.`,
    { param: 'peft_type', expected: PEFT_TYPES, given: excerpt(value) },
  );
}

function assertType(name: string, type: FieldType, value: JsonValue | undefined): void {
  if (value === undefined || value === null) return;
  if (!hasType(type, value)) throw wrongType(name, type, value);
  if (type === 'integer') assertRange(name, value as number);
}

function assertRange(name: string, given: number): void {
  const least = smallestInteger(name);
  if (given >= least && given <= LARGEST_INTEGER) return;
  const range = `${least} to ${LARGEST_INTEGER}`;
  throw new DomainError('invalid', 'adapter_config_range', `${name} must be ${range}, given ${given}.`, {
    param: name,
    expected: range,
    given,
  });
}

function hasType(type: FieldType, value: JsonValue): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'object':
      return isJsonObject(value);
    case 'list of strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    default:
      return typeof value === type;
  }
}

function wrongType(name: string, type: FieldType, value: JsonValue | undefined): DomainError {
  return new DomainError('invalid', 'adapter_config_type', `${name} must be of type ${type}.`, {
    param: name,
    expected: type,
    given: describeJson(value),
  });
}

import { DomainError } from '../domain/errors.ts';
import { ADAPTER_TYPES, type AdapterType, MAX_ADAPTER_CONFIG_BYTES } from '../domain/peft.ts';
import {
  excerpt,
  isJsonObject,
  JsonError,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '../formats/json.ts';
import { wrongType } from './config-fields.ts';

/**
 * The fields of adapter_config.json as they stand there. Nothing that they name is opened.
 * Throws `too_large`, `invalid` (JSON) and `unprocessable` peft_type_unsupported.
 */
export function readAdapterConfig(bytes: Uint8Array): {
  readonly peftType: AdapterType;
  readonly fields: JsonObject;
} {
  const fields = parseFields(bytes);
  return { peftType: parsePeftType(fields.get('peft_type')), fields };
}

function parseFields(bytes: Uint8Array): JsonObject {
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

function parsePeftType(value: JsonValue | undefined): AdapterType {
  if (typeof value !== 'string') throw wrongType('peft_type', 'string', value);
  const peftType = ADAPTER_TYPES.find((type) => type === value);
  if (peftType !== undefined) return peftType;
  throw new DomainError(
    'unprocessable',
    'peft_type_unsupported',
    `Adapters of type ${excerpt(value)} are not supported; these are: ${ADAPTER_TYPES.join(', ')}.`,
    { param: 'peft_type', expected: ADAPTER_TYPES, given: excerpt(value) },
  );
}

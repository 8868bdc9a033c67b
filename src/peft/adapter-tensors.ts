import { DomainError } from '../domain/errors.ts';
import { excerpt } from '../formats/json.ts';
import {
  assertFinite,
  parseSafetensors,
  refusePickle,
  type SafetensorsDtype,
  type SafetensorsEntry,
  type SafetensorsHeader,
  tensorBytes,
  toFloat32,
} from '../formats/safetensors.ts';

const DTYPES: readonly SafetensorsDtype[] = ['F32', 'F16', 'BF16'];
/** An adapter's header has a few short entries; the room above that is for naming what does not belong. */
const LIMITS = { maxHeaderBytes: 1 << 20, maxTensors: 4096, maxDimensions: 8 };

/** Row-major float32, every value finite. */
export interface AdapterTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Whether the file has a tensor of this name. Throws `unsupported_media` for pickles, `invalid` for a broken file. */
export function hasTensor(file: Uint8Array, name: string): boolean {
  return headerOf(file).tensors.some((entry) => entry.name === name);
}

/**
 * The tensors of an adapter_model.safetensors, in the order of `names`; there may be no others: PEFT would write them
 * over the model's weights, and serving without them would be wrong too.
 * Throws `unsupported_media` for pickles, `invalid` for a broken file or values that are not finite, and
 * `unprocessable` for missing and other tensors and for dtypes.
 */
export function readAdapterTensors(file: Uint8Array, names: readonly string[]): readonly AdapterTensor[] {
  const header = headerOf(file);
  const found = new Map(header.tensors.map((entry) => [entry.name, entry]));
  const others = header.tensors.map(({ name }) => name).filter((name) => !names.includes(name));
  if (others.length > 0) {
    const rule = `must be the only ${names.length === 1 ? 'tensor' : 'tensors'}`;
    const given = others.slice(0, 10).map(excerpt);
    throw tensorRefusal(names, 'unexpected_tensor', rule, names.length === 1 ? names[0] : names, given);
  }
  const entries = names.map((name): SafetensorsEntry => {
    const entry = found.get(name);
    if (entry !== undefined) return entry;
    const given = found.size === 0 ? 'no tensor' : [...found.keys()];
    throw tensorRefusal([name], 'prompt_tensor_missing', 'is missing', name, given);
  });
  return entries.map((entry) => {
    const { name, dtype, shape } = entry;
    if (!DTYPES.includes(dtype)) {
      throw tensorRefusal([name], 'prompt_dtype', `must be one of ${DTYPES.join(', ')}`, DTYPES, dtype);
    }
    const values = toFloat32(tensorBytes(file, header, entry), dtype);
    assertFinite(name, values);
    return { shape, values };
  });
}

function headerOf(file: Uint8Array): SafetensorsHeader {
  refusePickle(file);
  return parseSafetensors(file, LIMITS);
}

/** A refusal for what an adapter's tensors are; `rule` follows their names in the message. */
export function tensorRefusal(
  names: readonly string[],
  code: string,
  rule: string,
  expected: unknown,
  given: unknown,
): DomainError {
  const subject = names.length === 1 ? `The tensor ${names[0]}` : `The tensors ${names.join(', ')}`;
  return new DomainError('unprocessable', code, `${subject} ${rule}.`, { param: names[0]!, expected, given });
}

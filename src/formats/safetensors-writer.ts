import { DTYPE_BITS, type SafetensorsDtype } from './safetensors-dtype.ts';

export interface SafetensorsInput {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Little-endian, row-major. */
  readonly data: Uint8Array;
}

const HEADER_ALIGNMENT = 8;
const WRITING_ORDER = Object.keys(DTYPE_BITS);

/**
 * A safetensors file, byte for byte as the safetensors library writes it: widest dtype first, then names in
 * the order of their UTF-8 bytes; the header padded with spaces. The default metadata is what
 * `safetensors.torch.save_file` callers such as PEFT give.
 * Throws a RangeError when data does not fit its dtype and shape or a name comes twice: a caller's bug.
 */
export function encodeSafetensors(
  tensors: readonly SafetensorsInput[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Uint8Array {
  const sorted = tensors.toSorted(compare);
  const entries = new Map<string, object>();
  let offset = 0;
  for (const tensor of sorted) {
    const bytes = (tensor.shape.reduce((a, b) => a * b, 1) * DTYPE_BITS[tensor.dtype]) / 8;
    if (tensor.data.length !== bytes) {
      throw new RangeError(`${tensor.name}: expected ${bytes} bytes of data, got ${tensor.data.length}`);
    }
    if (entries.has(tensor.name)) throw new RangeError(`${tensor.name} is given twice`);
    entries.set(tensor.name, {
      dtype: tensor.dtype,
      shape: tensor.shape,
      data_offsets: [offset, offset + bytes],
    });
    offset += bytes;
  }
  const header = encodeHeader(entries, metadata);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...sorted.map(({ data }) => data)]);
}

/** Members in order; built by hand because an object would move keys that look like integers to the front. */
function encodeHeader(
  entries: ReadonlyMap<string, object>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const members: [string, object][] = [...entries];
  if (Object.keys(metadata).length > 0) members.unshift(['__metadata__', metadata]);
  const json = Buffer.from(
    `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  );
  const padding = (HEADER_ALIGNMENT - (json.length % HEADER_ALIGNMENT)) % HEADER_ALIGNMENT;
  return Buffer.concat([json, Buffer.alloc(padding, ' ')]);
}

function compare(a: SafetensorsInput, b: SafetensorsInput): number {
  const byDtype = WRITING_ORDER.indexOf(b.dtype) - WRITING_ORDER.indexOf(a.dtype);
  return byDtype || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}

import { integerBelow, type Random } from '../../../bench/random.ts';
import { encodeSafetensors, type SafetensorsDtype } from '../../../src/formats/safetensors.ts';
import { DTYPE_BITS } from '../../../src/formats/safetensors-dtype.ts';
import { blowUp } from './blow-up.ts';
import type { Mutation } from './bytes.ts';
import { mutateJson } from './json.ts';
import { pick } from './pick.ts';

const NAMES = ['prompt_embeddings', 'prefix_task_cols', 'prefix_task_rows', 'base_model.score.weight'];
const WORDS = [
  ...[...NAMES, '__metadata__', 'dtype', 'shape', 'data_offsets', ...Object.keys(DTYPE_BITS)].map((word) =>
    JSON.stringify(word),
  ),
  ...['[4,8]', '[8,4]', '[32]', '[4,8,1]', '[0,8]', '[4,0]', '[0,128]', '[64,128]', '[1,128]', '[0,0]', '32'],
];

/** Numbers as bits of float32 and of the halves in it: infinity, NaN, the largest, the smallest, -0. */
const BITS = [
  0x7f800000, 0xff800000, 0x7fc00000, 0x7f7fffff, 0x7c007c00, 0x7e007e00, 0x7f807f80, 1, 0x80000000,
];
const DTYPES = Object.keys(DTYPE_BITS) as SafetensorsDtype[];
const SIZES = [0, 1, 2, 3, 4, 5, 8, 15, 16, 32];
const LARGEST_HEADER = 1 << 20;

interface Parts {
  readonly header: Buffer;
  readonly data: Buffer;
}

function join({ header, data }: Parts, length = header.length): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(Math.max(0, length)));
  return Buffer.concat([prefix, header, data]);
}

const MUTATIONS: readonly ((parts: Parts, random: Random) => Buffer)[] = [
  ({ header, data }, random) => join({ header: mutateJson(header, random, WORDS), data }),
  ({ header, data }, random) => join({ header: mutateJson(header, random, WORDS), data }),
  ({ header, data }, random) => {
    const copy = Buffer.from(data);
    if (copy.length >= 4)
      copy.writeUInt32LE(pick(random, BITS), 2 * integerBelow(random, (copy.length - 2) >> 1));
    return join({ header, data: copy });
  },
  ({ header, data }, random) =>
    join({ header, data: data.subarray(0, integerBelow(random, data.length + 1)) }),
  ({ header, data }, random) =>
    join({ header, data: Buffer.concat([data, Buffer.alloc(pick(random, SIZES))]) }),
  (parts, random) => join(parts, parts.header.length + integerBelow(random, 17) - 8),
  ({ header, data }, random) =>
    join({ header: Buffer.concat([header, Buffer.alloc(pick(random, SIZES), ' ')]), data }),
  (_parts, random) => wellFormed(random),
];

/** Some tensors of the format with sizes at random, so that what the model demands is met and missed. */
function wellFormed(random: Random): Buffer {
  const names = NAMES.filter((_, i) => (i === 0 ? random() < 0.95 : random() < 0.2));
  const tensors = names.map((name) => {
    const dtype = random() < 0.8 ? pick(random, ['F32', 'F16', 'BF16'] as const) : pick(random, DTYPES);
    const shape = Array.from({ length: name.startsWith('prefix') ? 3 : 2 }, () => pick(random, SIZES));
    const bits = shape.reduce((product, size) => product * size, DTYPE_BITS[dtype]);
    return {
      name,
      dtype,
      shape: bits % 8 === 0 ? shape : [...shape, 4],
      bits: bits % 8 === 0 ? bits : bits * 4,
    };
  });
  return Buffer.from(
    encodeSafetensors(tensors.map(({ bits, ...rest }) => ({ ...rest, data: new Uint8Array(bits / 8) }))),
  );
}

/** Once in so many mutants the header grows up to its limit; such are slow. */
const RARE = 1 / 20_000;

/** Changes a safetensors file by its parts: mostly the prefix fits the header again. */
export const mutateSafetensors: Mutation = (bytes, random) => {
  if (bytes.length < 8) return wellFormed(random);
  const length = Math.min(Number(bytes.readBigUInt64LE()), bytes.length - 8);
  const parts = { header: bytes.subarray(8, 8 + length), data: bytes.subarray(8 + length) };
  if (random() < RARE) {
    return join({ ...parts, header: blowUp(parts.header, random, integerBelow(random, LARGEST_HEADER)) });
  }
  return pick(random, MUTATIONS)(parts, random);
};

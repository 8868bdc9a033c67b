import { integerBelow, type Random } from '../../../bench/random.ts';
import { pick, range } from './pick.ts';

export type Mutation = (bytes: Buffer, random: Random) => Buffer;

const cut = (bytes: Buffer, start: number, end: number, middle: Uint8Array = Buffer.alloc(0)): Buffer =>
  Buffer.concat([bytes.subarray(0, start), middle, bytes.subarray(end)]);

/** Bytes that end texts, lines and characters early. */
const TELLING = [
  Buffer.from([0]),
  Buffer.from([0xff]),
  Buffer.from([0xc0, 0x80]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xf4, 0x90, 0x80, 0x80]),
  Buffer.from([0xef, 0xbb, 0xbf]),
  Buffer.from('\r\n'),
  Buffer.from('\n'),
  Buffer.from('\u2028'),
  Buffer.from('"'),
  Buffer.from('\\'),
];

const INTEGERS = [0n, 1n, 8n, 255n, 65536n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[integerBelow(random, copy.length)]! ^= 1 << integerBelow(random, 8);
    return copy;
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[integerBelow(random, copy.length)] = integerBelow(random, 256);
    return copy;
  },
  (bytes, random) => cut(bytes, ...range(random, bytes.length)),
  (bytes, random) => {
    const [start, end] = range(random, bytes.length);
    return cut(bytes, end, end, bytes.subarray(start, end));
  },
  (bytes, random) => bytes.subarray(0, integerBelow(random, bytes.length + 1)),
  (bytes, random) => {
    const at = integerBelow(random, bytes.length + 1);
    return cut(bytes, at, at, pick(random, TELLING));
  },
  (bytes, random) => {
    if (bytes.length < 8) return bytes;
    const copy = Buffer.from(bytes);
    copy.writeBigUInt64LE(pick(random, INTEGERS), integerBelow(random, copy.length - 7));
    return copy;
  },
];

/** Changes bytes without knowing what they mean. */
export const mutateBytes: Mutation = (bytes, random) => pick(random, MUTATIONS)(bytes, random);

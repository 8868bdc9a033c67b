import { readSync } from 'node:fs';
import { unsupportedModel } from './fields.ts';
import type { GgufScalar, GgufScalarType } from './gguf-types.ts';

const WINDOW_BYTES = 1 << 20;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads values one after the other from an open file, a window at a time. Reads are synchronous: a header is
 * several hundred thousand tiny values, and an await for each would cost more than the reads.
 */
export class GgufCursor {
  /** What is being read, for messages: a field or tensor name. */
  subject = 'header';
  readonly #fd: number;
  readonly #fileBytes: number;
  #window = Buffer.alloc(0);
  #windowStart = 0;
  #at = 0;

  constructor(fd: number, fileBytes: number) {
    this.#fd = fd;
    this.#fileBytes = fileBytes;
  }

  get position(): number {
    return this.#windowStart + this.#at;
  }

  get remaining(): number {
    return this.#fileBytes - this.position;
  }

  /** Throws `unprocessable` truncated_file unless so many bytes follow. */
  expect(bytes: number): void {
    if (bytes > this.remaining) {
      throw unsupportedModel(
        'truncated_file',
        this.subject,
        `The file ends inside ${this.subject}: ${bytes} bytes are needed at offset ${this.position}, ${this.remaining} are left.`,
        { expected: bytes, given: this.remaining },
      );
    }
  }

  corrupt(what: string, details: { readonly expected?: unknown; readonly given?: unknown }): Error {
    return unsupportedModel('corrupt_gguf', this.subject, `GGUF ${this.subject}: ${what}.`, details);
  }

  uint32(): number {
    return this.#take(4).readUInt32LE();
  }

  /** A 64-bit count or size of which at least `unit` bytes each must still follow. */
  count(what: string, unit: number): number {
    const value = this.#take(8).readBigUInt64LE();
    if (value > BigInt(Math.floor(this.remaining / unit))) {
      throw this.corrupt(`${what} is ${value}, but the file ends before: it is truncated or corrupt`, {
        expected: `at most ${Math.floor(this.remaining / unit)}`,
        given: `${value}`,
      });
    }
    return Number(value);
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64LE();
  }

  string(): string {
    const length = this.count('the length of a string', 1);
    const bytes = this.#take(length);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.corrupt('a string is not valid UTF-8', { expected: 'UTF-8' });
    }
  }

  scalar(type: GgufScalarType): GgufScalar {
    switch (type) {
      case 'uint8':
        return this.#take(1).readUInt8();
      case 'int8':
        return this.#take(1).readInt8();
      case 'uint16':
        return this.#take(2).readUInt16LE();
      case 'int16':
        return this.#take(2).readInt16LE();
      case 'uint32':
        return this.uint32();
      case 'int32':
        return this.#take(4).readInt32LE();
      case 'float32':
        return shortestFloat(this.#take(4).readFloatLE());
      case 'float64':
        return this.#take(8).readDoubleLE();
      case 'bool':
        return this.#bool();
      case 'string':
        return this.string();
      case 'uint64':
        return safeNumber(this.uint64());
      case 'int64':
        return safeNumber(this.#take(8).readBigInt64LE());
    }
  }

  #bool(): boolean {
    const value = this.#take(1).readUInt8();
    if (value > 1) throw this.corrupt('a bool is neither 0 nor 1', { expected: [0, 1], given: value });
    return value === 1;
  }

  /** The next bytes, as a view of the window. */
  #take(bytes: number): Buffer {
    this.expect(bytes);
    if (this.#at + bytes > this.#window.length) this.#refill(bytes);
    this.#at += bytes;
    return this.#window.subarray(this.#at - bytes, this.#at);
  }

  #refill(bytes: number): void {
    const start = this.position;
    const wanted = Math.min(Math.max(bytes, WINDOW_BYTES), this.#fileBytes - start);
    const window = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const read = readSync(this.#fd, window, filled, wanted - filled, start + filled);
      // The file has become shorter since it was opened.
      if (read === 0)
        throw this.corrupt('the file shrank while it was read', { expected: wanted, given: filled });
      filled += read;
    }
    this.#window = window;
    this.#windowStart = start;
    this.#at = 0;
  }
}

function safeNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The shortest decimal of the float32: 1e-5, as config.json says, where the exact value is 9.99999974e-6. */
function shortestFloat(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

import { readSync } from 'node:fs';
import { unsupportedModel } from '../fields.ts';

const WINDOW_BYTES = 1 << 20;

/** A field's number and wire type, and where its payload lies. */
export interface ProtobufField {
  readonly id: number;
  readonly wire: number;
  /** Offsets in the file: of the tag, of the payload, and behind it. */
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Walks over the fields of protobuf messages in an open file, a window at a time: payloads that nobody asks for are
 * never read. Reads are synchronous, as there are tens of thousands of tiny fields.
 */
export class ProtobufCursor {
  readonly fileBytes: number;
  readonly #fd: number;
  readonly #name: string;
  readonly #limit: number;
  #readBytes = 0;
  #window = Buffer.alloc(0);
  #windowStart = 0;

  /**
   * @param name of the file, for messages
   * @param limit bytes of payloads that may be read in all
   */
  constructor(fd: number, fileBytes: number, name: string, limit: number) {
    this.#fd = fd;
    this.fileBytes = fileBytes;
    this.#name = name;
    this.#limit = limit;
  }

  /**
   * The fields of the message in [start, end), one after the other.
   * Throws `unprocessable` truncated_file at the end of the file and corrupt_onnx anywhere else.
   */
  *fields(start: number, end: number): Generator<ProtobufField> {
    let at = start;
    while (at < end) {
      const tag = this.#varint(at, end);
      const wire = tag.value % 8;
      const payload = this.#payload(wire, tag.next, end);
      yield { id: Math.floor(tag.value / 8), wire, tag: at, ...payload };
      at = payload.end;
    }
  }

  /** The payload of a field of bytes, in memory of its own. Throws corrupt_onnx for another wire type. */
  bytes({ wire, start, end }: ProtobufField): Uint8Array {
    if (wire !== WIRE.bytes) throw this.corrupt(start, `a field of wire type ${wire}, expected bytes`);
    return this.slice(start, end);
  }

  /** A copy of [start, end). Throws `unprocessable` file_too_large when the file holds too much beside weights. */
  slice(start: number, end: number): Uint8Array {
    this.#readBytes += end - start;
    if (this.#readBytes > this.#limit) {
      throw unsupportedModel(
        'file_too_large',
        this.#name,
        `${this.#name} holds more than ${this.#limit} bytes beside its weights.`,
        { expected: this.#limit, given: this.#readBytes },
      );
    }
    const copy = new Uint8Array(end - start);
    for (let at = start; at < end; ) {
      const part = this.#view(at, Math.min(end - at, WINDOW_BYTES));
      copy.set(part, at - start);
      at += part.length;
    }
    return copy;
  }

  /** The value of a varint field. */
  varint({ wire, start, end }: ProtobufField): number {
    if (wire !== WIRE.varint) throw this.corrupt(start, `a field of wire type ${wire}, expected a varint`);
    return this.#varint(start, end).value;
  }

  corrupt(at: number, what: string): Error {
    return unsupportedModel(
      'corrupt_onnx',
      this.#name,
      `${this.#name} is no ONNX model: ${what} at byte ${at}.`,
      {
        expected: 'an ONNX model (a protobuf message ModelProto)',
        given: what,
      },
    );
  }

  #payload(wire: number, start: number, end: number): { readonly start: number; readonly end: number } {
    switch (wire) {
      case WIRE.varint:
        return { start, end: this.#varint(start, end).next };
      case WIRE.fixed64:
        return { start, end: this.#within(start + 8, start, end) };
      case WIRE.fixed32:
        return { start, end: this.#within(start + 4, start, end) };
      case WIRE.bytes: {
        const length = this.#varint(start, end);
        return { start: length.next, end: this.#within(length.next + length.value, start, end) };
      }
      default:
        throw this.corrupt(start, `wire type ${wire}`);
    }
  }

  #within(next: number, at: number, end: number): number {
    if (next <= end) return next;
    if (end < this.fileBytes) throw this.corrupt(at, 'a field that is longer than its message');
    throw unsupportedModel('truncated_file', this.#name, `${this.#name} ends inside a field.`, {
      expected: `${next} bytes`,
      given: this.fileBytes,
    });
  }

  /** Values above 2^53 lose precision; they are no length that fits. */
  #varint(at: number, end: number): { readonly value: number; readonly next: number } {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const [byte] = this.#view(this.#within(at + i + 1, at, end) - 1, 1);
      value += (byte! & 0x7f) * 2 ** (7 * i);
      if (byte! < 0x80) return { value, next: at + i + 1 };
    }
    throw this.corrupt(at, 'a varint of more than 10 bytes');
  }

  /** Up to `bytes` bytes from `at` on, as a view of the window; all of them unless they are more than a window. */
  #view(at: number, bytes: number): Uint8Array {
    const windowEnd = this.#windowStart + this.#window.length;
    if (at < this.#windowStart || at + bytes > windowEnd) this.#fill(at);
    return this.#window.subarray(at - this.#windowStart, at - this.#windowStart + bytes);
  }

  #fill(at: number): void {
    const wanted = Math.min(WINDOW_BYTES, this.fileBytes - at);
    const window = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const read = readSync(this.#fd, window, filled, wanted - filled, at + filled);
      if (read === 0) throw this.corrupt(at, 'the file shrank while it was read');
      filled += read;
    }
    this.#window = window;
    this.#windowStart = at;
  }
}

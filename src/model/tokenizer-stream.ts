/** Turns tokens into text one by one, in linear time over the whole stream. */
export class TextStream {
  private readonly bytesOf: (id: number) => Uint8Array;
  private leadingSpaces: number;
  /** Keeps the bytes of an unfinished character; malformed bytes become U+FFFD. */
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /**
   * @param bytesOf bytes of a token; empty for tokens that are not shown
   * @param leadingSpaces number of spaces to cut from the start
   */
  constructor(bytesOf: (id: number) => Uint8Array, leadingSpaces: number) {
    this.bytesOf = bytesOf;
    this.leadingSpaces = leadingSpaces;
  }

  /** The text that this token completes; never ends inside a UTF-8 character, can be empty. */
  push(id: number): string {
    return this.decoder.decode(this.shown(id), { stream: true });
  }

  /** {@link push} of several, much quicker. */
  pushAll(ids: readonly number[]): string {
    return this.decoder.decode(Buffer.concat(ids.map((id) => this.shown(id))), { stream: true });
  }

  private shown(id: number): Uint8Array {
    let bytes = this.bytesOf(id);
    while (this.leadingSpaces > 0 && bytes.length > 0) {
      if (bytes[0] === 0x20) {
        bytes = bytes.subarray(1);
        this.leadingSpaces--;
      } else {
        this.leadingSpaces = 0;
      }
    }
    return bytes;
  }

  /** What is left: U+FFFD when the last character is unfinished. */
  flush(): string {
    return this.decoder.decode();
  }
}

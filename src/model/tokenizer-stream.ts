/** Turns tokens into text one by one, in linear time over the whole stream. */
export class TextStream {
  private readonly bytesOf: (id: number) => Uint8Array;
  /** Keeps the bytes of an unfinished character; malformed bytes become U+FFFD. */
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** @param bytesOf bytes of a token; empty for tokens that are not shown */
  constructor(bytesOf: (id: number) => Uint8Array) {
    this.bytesOf = bytesOf;
  }

  /** The text that this token completes; never ends inside a UTF-8 character, can be empty. */
  push(id: number): string {
    return this.decoder.decode(this.bytesOf(id), { stream: true });
  }

  /** What is left: U+FFFD when the last character is unfinished. */
  flush(): string {
    return this.decoder.decode();
  }
}

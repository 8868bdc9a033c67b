/** One bit that two threads see. */
export class Flag {
  /** What the other thread makes its `Flag` of. */
  readonly memory: SharedArrayBuffer;
  private readonly cell: Int32Array;

  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.cell = new Int32Array(memory);
  }

  get isSet(): boolean {
    return Atomics.load(this.cell, 0) === 1;
  }

  set(value: boolean): void {
    Atomics.store(this.cell, 0, value ? 1 : 0);
  }
}

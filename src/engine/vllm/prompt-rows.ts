import type { PromptHandle, PromptSource } from '../../domain/engine.ts';

/** The rows of the prompts that were used last. */
export class PromptRows {
  private readonly source: PromptSource;
  private readonly mostBytes: number;
  /** Also while they are being read, so that this is done once; the last used at the end. */
  private readonly entries = new Map<string, { readonly rows: Promise<Float32Array>; bytes: number }>();
  bytes = 0;
  hits = 0;
  misses = 0;
  evictions = 0;

  constructor(source: PromptSource, mostBytes: number) {
    this.source = source;
    this.mostBytes = mostBytes;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Float32 [length, hidden]; not to be changed. Rejects as {@link PromptSource.load} does. */
  async of({ key }: PromptHandle): Promise<Float32Array> {
    const known = this.entries.get(key);
    if (known !== undefined) {
      this.hits++;
      this.entries.delete(key);
      this.entries.set(key, known);
      return known.rows;
    }
    this.misses++;
    const entry = { rows: this.source.load(key), bytes: 0 };
    this.entries.set(key, entry);
    try {
      const { byteLength } = await entry.rows;
      if (this.entries.get(key) === entry) {
        entry.bytes = byteLength;
        this.bytes += byteLength;
        this.evict();
      }
    } catch {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    }
    return entry.rows;
  }

  private evict(): void {
    for (const [key, { bytes }] of this.entries) {
      if (this.bytes <= this.mostBytes) return;
      this.entries.delete(key);
      this.bytes -= bytes;
      this.evictions++;
    }
  }
}

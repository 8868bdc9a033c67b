import { alignPast, type KvShape, type KvView, kvBytesPerPosition } from './kv.ts';

/** The keys and values of one prompt (for an encoder: its rows), and its last row for requests that need the logits there. */
export interface PrefixEntry {
  readonly key: string;
  readonly view: KvView;
  /** [hidden]; null where there is none: keys and values that were given as such. */
  readonly lastRow: Float32Array | null;
}

interface Slot {
  entry: PrefixEntry | null;
  pins: number;
  /** Of the entry; counted from the moment that it is asked for. */
  readonly bytes: number;
  readonly waiters: ((result: PrefixEntry | Error) => void)[];
}

export interface PrefixCacheStats {
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
}

/**
 * Least-recently-used cache of prefixes, keyed by content and bounded in bytes. Entries in use are pinned and
 * never evicted; whoever asks `hasRoomFor` before it pins keeps the bound. Concurrent misses of one key wait for
 * one computation.
 */
export class PrefixCache {
  private readonly shape: KvShape;
  private readonly capacityBytes: number;
  /** In order of last use, oldest first. */
  private readonly slots = new Map<string, Slot>();
  private bytes = 0;
  private pinnedBytes = 0;
  private hits = 0;
  private misses = 0;
  private evictions = 0;

  constructor(shape: KvShape, capacityBytes: number) {
    this.shape = shape;
    this.capacityBytes = capacityBytes;
  }

  /** Whether pinning `key`, of `length` positions, keeps the bound. One entry may always be pinned. */
  hasRoomFor(key: string, length: number): boolean {
    if (this.pinnedBytes === 0 || (this.slots.get(key)?.pins ?? 0) > 0) return true;
    return this.pinnedBytes + this.bytesOf(length) <= this.capacityBytes;
  }

  /**
   * Pins `key` and calls `use` with its entry, at once on a hit, else when it was computed. Returns true when
   * the caller must start that computation.
   * @param length virtual tokens
   */
  acquire(key: string, length: number, use: (result: PrefixEntry | Error) => void): boolean {
    const slot = this.slots.get(key);
    if (slot === undefined) {
      this.misses++;
      const bytes = this.bytesOf(length);
      this.slots.set(key, { entry: null, pins: 1, bytes, waiters: [use] });
      this.bytes += bytes;
      this.pinnedBytes += bytes;
      this.evict();
      return true;
    }
    this.hits++;
    if (slot.pins++ === 0) this.pinnedBytes += slot.bytes;
    this.slots.delete(key);
    this.slots.set(key, slot);
    if (slot.entry === null) slot.waiters.push(use);
    else use(slot.entry);
    return false;
  }

  /** Gives one pin back. */
  release(key: string): void {
    const slot = this.slots.get(key);
    if (slot === undefined) return;
    if (--slot.pins === 0) this.pinnedBytes -= slot.bytes;
    this.evict();
  }

  /** Stores a computed entry and hands it to everyone who waits for it. */
  resolve(entry: PrefixEntry): void {
    const slot = this.slots.get(entry.key);
    if (slot === undefined) return;
    slot.entry = entry;
    for (const waiter of slot.waiters.splice(0)) waiter(entry);
  }

  /** Tells everyone who waits that there will be no entry; the next acquire tries anew. */
  reject(key: string, error: Error): void {
    const slot = this.slots.get(key);
    if (slot === undefined) return;
    this.slots.delete(key);
    this.bytes -= slot.bytes;
    this.pinnedBytes -= slot.bytes;
    for (const waiter of slot.waiters.splice(0)) waiter(error);
  }

  stats(): PrefixCacheStats {
    const { bytes, hits, misses, evictions } = this;
    return { entries: this.slots.size, bytes, hits, misses, evictions };
  }

  private bytesOf(length: number): number {
    return alignPast(length) * kvBytesPerPosition(this.shape);
  }

  private evict(): void {
    if (this.bytes <= this.capacityBytes) return;
    for (const [key, slot] of this.slots) {
      if (slot.pins > 0 || slot.entry === null) continue;
      this.slots.delete(key);
      this.bytes -= slot.bytes;
      this.evictions++;
      if (this.bytes <= this.capacityBytes) return;
    }
  }
}

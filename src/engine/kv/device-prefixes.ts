import type * as ort from 'onnxruntime-node';
import type { DeviceMemory } from './device-memory.ts';
import { ELEMENTS } from './elements.ts';
import type { KvShape } from './kv.ts';

/** A prefix in whole blocks of positions: those of one head after those of another, plane by plane. */
export interface DevicePrefix {
  readonly planes: readonly ort.Tensor[];
  /** Of each head. What stands in the last one behind the prefix is of no use, but finite. */
  readonly blocks: number;
}

/** The prefixes of prompts that a device keeps, by key; least recently used ones go when they take more than the bound. */
export class DevicePrefixes {
  private readonly shape: KvShape;
  private readonly memory: DeviceMemory;
  private readonly capacityBytes: number;
  /** Oldest use first. */
  private readonly held = new Map<string, DevicePrefix>();
  private bytes = 0;

  constructor(shape: KvShape, memory: DeviceMemory, capacityBytes: number) {
    this.shape = shape;
    this.memory = memory;
    this.capacityBytes = capacityBytes;
  }

  get(key: string): DevicePrefix | null {
    const prefix = this.held.get(key);
    if (prefix === undefined) return null;
    this.held.delete(key);
    this.held.set(key, prefix);
    return prefix;
  }

  /**
   * Keeps a prefix, unless it is kept or larger than the bound.
   * @param from where its blocks are: pieces of `width` numbers of each plane, equally many of each head
   */
  async add(
    key: string,
    from: { readonly planes: readonly ort.Tensor[]; readonly indices: readonly number[] },
    width: number,
  ): Promise<void> {
    const { planes, indices } = from;
    const { heads, element } = this.shape;
    const bytes = planes.length * indices.length * width * ELEMENTS[element].bytes;
    if (this.get(key) !== null || bytes > this.capacityBytes) return;
    const copies: ort.Tensor[] = [];
    try {
      for (const plane of planes) copies.push(await this.memory.hold(plane, width, indices));
    } catch (error) {
      this.memory.free(copies);
      throw error;
    }
    this.held.set(key, { planes: copies, blocks: indices.length / heads });
    this.bytes += bytes;
    this.evict();
  }

  clear(): void {
    for (const { planes } of this.held.values()) this.memory.free(planes);
    this.held.clear();
    this.bytes = 0;
  }

  private evict(): void {
    for (const [key, { planes }] of this.held) {
      if (this.bytes <= this.capacityBytes) return;
      this.bytes -= planes.reduce((sum, { size }) => sum + size, 0) * ELEMENTS[this.shape.element].bytes;
      this.held.delete(key);
      this.memory.free(planes);
    }
  }
}

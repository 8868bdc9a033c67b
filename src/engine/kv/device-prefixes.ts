import type * as ort from 'onnxruntime-node';
import type { DeviceMemory } from './device-memory.ts';

/** The first blocks of each head, head after head, plane by plane. */
export interface DevicePrefix {
  readonly planes: readonly ort.Tensor[];
  /** Of each head. */
  readonly blocks: number;
}

/** The prefixes of prompts that a device keeps, by key; least recently used ones go when they take more than the bound. */
export class DevicePrefixes {
  private readonly memory: DeviceMemory;
  private readonly capacityBytes: number;
  /** Oldest use first. */
  private readonly held = new Map<string, DevicePrefix>();
  private bytes = 0;

  constructor(memory: DeviceMemory, capacityBytes: number) {
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

  /** Whether a prefix of this size may be kept at all. */
  takes(bytes: number): boolean {
    return bytes > 0 && bytes <= this.capacityBytes;
  }

  /** Keeps a prefix that is not kept yet, and frees others where there is no room. */
  add(key: string, prefix: DevicePrefix): void {
    this.held.set(key, prefix);
    this.bytes += bytesOf(prefix);
    for (const [oldest, { planes }] of this.held) {
      if (this.bytes <= this.capacityBytes) return;
      this.bytes -= bytesOf(this.held.get(oldest)!);
      this.held.delete(oldest);
      this.memory.free(planes);
    }
  }

  clear(): void {
    for (const { planes } of this.held.values()) this.memory.free(planes);
    this.held.clear();
    this.bytes = 0;
  }
}

const bytesOf = ({ planes }: DevicePrefix): number =>
  planes.reduce((sum, { size }) => sum + size * Float32Array.BYTES_PER_ELEMENT, 0);

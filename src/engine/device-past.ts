import type * as ort from 'onnxruntime-node';
import type { PastPrefix, PastRow, StepInputs } from './backend.ts';
import { type DeviceMemory, withDims } from './kv/device-memory.ts';
import { DevicePrefixes } from './kv/device-prefixes.ts';
import { BLOCK, DeviceRows } from './kv/device-rows.ts';
import type { KvArray } from './kv/elements.ts';
import type { KvShape } from './kv/kv.ts';
import { kvTensor } from './kv/tensors.ts';

/** Planes that lie on the device, in the order of those of the host; null: they are to be fed from the host. */
type Planes = readonly ort.Tensor[] | null;

/** What a WebGPU device keeps, so that it does not cross the bus with every run: the past of rows that decode, and prefixes. */
export class DevicePast {
  private readonly shape: KvShape;
  private readonly memory: DeviceMemory;
  private readonly prefixes: DevicePrefixes;
  private readonly rows: DeviceRows;
  private readonly sources: DeviceRows;
  /** The past of runs that read several inputs. */
  private readonly behindPrefixes: DeviceRows;

  /** @param prefixBytes most bytes of prefixes that are kept beside the rows */
  constructor(shape: KvShape, memory: DeviceMemory, prefixBytes: number) {
    this.shape = shape;
    this.memory = memory;
    this.prefixes = new DevicePrefixes(shape, memory, prefixBytes);
    this.rows = new DeviceRows(shape, memory, this.prefixes);
    this.sources = new DeviceRows(shape, memory, this.prefixes);
    this.behindPrefixes = new DeviceRows(shape, memory, this.prefixes);
  }

  async pastOf(
    inputs: Pick<StepInputs, 'past' | 'pastRows' | 'pastPrefixes' | 'pastPlanes'>,
  ): Promise<Planes> {
    const { past, pastRows, pastPrefixes, pastPlanes } = inputs;
    if (pastRows !== undefined) return this.rows.past(pastRows, past, pastPlanes);
    if (pastPrefixes === undefined) return null;
    const [first, ...others] = pastPrefixes;
    if (first && others.length === 0) return this.prefix(first.key, past, pastPlanes);
    return this.behindPrefixes.past(rowsOf(pastPrefixes), past, pastPlanes);
  }

  async sourcesOf({ source }: Pick<StepInputs, 'source'>): Promise<Planes> {
    return source?.rows === undefined ? null : this.sources.past(source.rows, source.length, source.planes);
  }

  /** @param past positions of the prefix, up to whole blocks */
  private async prefix(key: string, past: number, host: readonly KvArray[]): Promise<Planes> {
    const { heads, dim } = this.shape;
    if (this.prefixes.get(key) === null) {
      const pieces = (heads * past) / BLOCK;
      const width = BLOCK * dim;
      const indices = Array.from({ length: pieces }, (_, index) => index);
      const planes = host.map((plane) => kvTensor(plane, [pieces, width]));
      await this.prefixes.add(key, { planes, indices }, width);
    }
    const held = this.prefixes.get(key);
    if (held?.blocks !== past / BLOCK) return null;
    return held.planes.map((plane) => withDims(plane, [1, heads, past, dim]));
  }

  async release(): Promise<void> {
    for (const rows of [this.rows, this.sources, this.behindPrefixes]) rows.drop();
    this.prefixes.clear();
    await this.memory.release();
  }
}

/** Rows that are nothing but prefixes: the same ones in the next run of the same prompts. */
function rowsOf(prefixes: readonly (PastPrefix | null)[]): readonly PastRow[] {
  const counts = new Map<string, number>();
  return prefixes.map((prefix) => {
    const { key, length } = prefix ?? { key: '', length: 0 };
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return { id: `${count} ${key}`, length, prefix };
  });
}

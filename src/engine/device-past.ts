import type * as ort from 'onnxruntime-node';
import type { StepInputs } from './backend.ts';
import { DeviceMemory } from './kv/device-memory.ts';
import { DevicePrefixes } from './kv/device-prefixes.ts';
import { DeviceRows } from './kv/device-rows.ts';
import type { KvShape } from './kv/kv.ts';

/** Planes that lie on the device, in the order of those of the host; null: they are to be fed from the host. */
type Planes = readonly ort.Tensor[] | null;

/** What a WebGPU device keeps of the rows that decode, so that their past does not cross the bus with every run. */
export class DevicePast {
  private readonly memory: DeviceMemory;
  private readonly prefixes: DevicePrefixes;
  private readonly rows: DeviceRows;
  private readonly sources: DeviceRows;

  private constructor(shape: KvShape, memory: DeviceMemory, prefixBytes: number) {
    this.memory = memory;
    this.prefixes = new DevicePrefixes(memory, prefixBytes);
    this.rows = new DeviceRows(shape, memory, this.prefixes);
    this.sources = new DeviceRows(shape, memory, this.prefixes);
  }

  /**
   * @param settings those of the model's session
   * @param prefixBytes most bytes of prefixes that are kept beside the rows
   */
  static async open(
    shape: KvShape,
    settings: ort.InferenceSession.SessionOptions,
    prefixBytes: number,
  ): Promise<DevicePast> {
    return new DevicePast(shape, await DeviceMemory.open(shape.planes, settings), prefixBytes);
  }

  async pastOf(inputs: Pick<StepInputs, 'past' | 'pastRows' | 'pastPlanes'>): Promise<Planes> {
    const { past, pastRows, pastPlanes } = inputs;
    return pastRows === undefined ? null : this.rows.past(pastRows, past, pastPlanes);
  }

  async sourcesOf({ source }: Pick<StepInputs, 'source'>): Promise<Planes> {
    return source?.rows === undefined ? null : this.sources.past(source.rows, source.length, source.planes);
  }

  async release(): Promise<void> {
    this.rows.drop();
    this.sources.drop();
    this.prefixes.clear();
    await this.memory.release();
  }
}

import { type Device, deviceName } from './device.ts';
import { explain } from './explain.ts';

/** A device could not load or run a graph. The message says which and why, in plain words. */
export class DeviceFailure extends Error {
  override readonly name = 'DeviceFailure';

  constructor(device: Device, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`${deviceName(device)} failed: ${explain(device, text)}`, { cause });
  }
}

/**
 * Lets a session work. What the processor cannot do is a fault of the graph, and is passed on; of another device it may be
 * its own, and rejects with a {@link DeviceFailure}.
 */
export async function onDevice<T>(device: Device, work: Promise<T>): Promise<T> {
  if (device.kind === 'cpu') return work;
  try {
    return await work;
  } catch (error) {
    throw new DeviceFailure(device, error);
  }
}

import { readBandwidth } from '../bandwidth.ts';
import { TorchBandwidth } from '../peers/torch-bandwidth.ts';
import { torchDevice } from './systems.ts';

/** How fast the memory is that a device computes out of. */
export interface MemoryMeter {
  /** For the tables. */
  readonly measuredBy: string;
  /** Bytes a second, measured now. */
  bandwidth(): Promise<number>;
  close(): Promise<void>;
}

/**
 * The processor's memory is read by all threads, a card's copied by torch.
 *
 * @param device `cpu`, `cuda:N` or `webgpu`
 * @param python one that has torch; rejects for a card when there is none
 */
export async function openMemoryMeter(
  device: string,
  threads: number,
  python: string | null,
): Promise<MemoryMeter> {
  if (device === 'cpu') {
    return {
      measuredBy: `the processors', read by ${threads} threads`,
      bandwidth: () => readBandwidth(threads),
      close: async () => {},
    };
  }
  if (python === null) throw new Error("a card's memory is measured by torch, which --no-peers leaves out");
  const torch = await TorchBandwidth.start({ python, threads, device: torchDevice(device) });
  return {
    measuredBy: `of ${torch.description}, a copy by torch of 1 GiB, read and written`,
    bandwidth: () => torch.read(),
    close: () => torch.close(),
  };
}

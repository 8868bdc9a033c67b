import { DomainError } from '../../domain/errors.ts';
import { CPU, type Device, deviceName } from './device.ts';
import { createProbe, type Probe } from './probe.ts';

/** Where the model will run. */
export interface Choice {
  readonly device: Device;
  /** One line for the log: which device, and why no other. */
  readonly reason: string;
}

/** In the order of their speed, the first that is there. */
const CANDIDATES: readonly Device[] = [{ kind: 'cuda', index: 0 }, { kind: 'webgpu' }];

/**
 * The device that was asked for, or the best one that is there. Throws `unprocessable` device_unavailable, with what is
 * missing, when one was named that cannot be had.
 */
export async function chooseDevice(wish: Device | 'auto', probe: Probe = createProbe()): Promise<Choice> {
  if (wish === 'auto') return chooseBest(probe);
  const missing = await probe(wish);
  if (missing === null)
    return { device: wish, reason: `the model runs on ${deviceName(wish)}, as configured` };
  throw new DomainError(
    'unprocessable',
    'device_unavailable',
    `The model cannot run on ${deviceName(wish)}: ${missing}.`,
    { param: 'device', expected: 'a device that this machine has; auto takes the best of them' },
  );
}

async function chooseBest(probe: Probe): Promise<Choice> {
  const passedOver: string[] = [];
  const because = (): string => (passedOver.length === 0 ? '' : `; ${passedOver.join('; ')}`);
  for (const device of CANDIDATES) {
    const missing = await probe(device);
    if (missing === null) return { device, reason: `the model runs on ${deviceName(device)}${because()}` };
    passedOver.push(`not on ${device.kind}: ${missing}`);
  }
  return { device: CPU, reason: `the model runs on ${deviceName(CPU)}${because()}` };
}

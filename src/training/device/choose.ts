import { DomainError } from '../../domain/errors.ts';
import type { Choice } from '../../engine/devices/choose.ts';
import { CPU, type Device, deviceName } from '../../engine/devices/device.ts';
import type { Probe } from '../../engine/devices/probe.ts';

export interface TrainingWish {
  readonly wish: Device | 'auto';
  /** Where the model runs that serves. */
  readonly serving: Device;
  readonly probe: Probe;
}

/**
 * Where prompts are learned: on the device that was asked for, or, left to it, where the model runs if that is a CUDA device
 * on which the training graph computes what it should, else on the processor. Throws `unprocessable` device_unavailable, with
 * what is missing, when one was named that cannot be had.
 */
export async function chooseTrainingDevice({ wish, serving, probe }: TrainingWish): Promise<Choice> {
  if (wish === 'auto') return chooseBeside(serving, probe);
  const missing = await probe(wish);
  if (missing === null) return { device: wish, reason: `${learnedOn(wish)}, as configured` };
  throw new DomainError(
    'unprocessable',
    'device_unavailable',
    `Prompts cannot be learned on ${deviceName(wish)}: ${missing}.`,
    { param: 'training_device', expected: 'a device that this machine has; cpu, or auto' },
  );
}

async function chooseBeside(serving: Device, probe: Probe): Promise<Choice> {
  if (serving.kind !== 'cuda') {
    return { device: CPU, reason: `${learnedOn(CPU)}, because the model does not run on CUDA` };
  }
  const missing = await probe(serving);
  if (missing === null) return { device: serving, reason: learnedOn(serving) };
  return { device: CPU, reason: `${learnedOn(CPU)}; not on ${deviceName(serving)}: ${missing}` };
}

const learnedOn = (device: Device): string => `prompts are learned on ${deviceName(device)}`;

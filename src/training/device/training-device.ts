import { DomainError } from '../../domain/errors.ts';
import { CPU, type Device, deviceName } from '../../engine/devices/device.ts';
import { createProbe, type Probe, type ProbeParts } from '../../engine/devices/probe.ts';
import { startTryOutOf, tryOut } from '../../engine/devices/try-out.ts';
import type { Bundle } from '../../model/bundle.ts';
import { trainableBundle } from '../jobs/trainable-bundle.ts';
import { chooseTrainingDevice, type TrainingWish } from './choose.ts';

export interface TrainingDeviceParts extends Omit<TrainingWish, 'probe'> {
  /** The bundle that serves, and the cache in which its float32 twin is looked for. */
  readonly bundle: Bundle;
  readonly home: string;
  readonly log: { info(fields: object, text: string): void };
  /** Replaced in tests. */
  readonly probe?: Probe;
}

/** Gives the device; when the signal aborts meanwhile, the processor. */
export type TrainingDevice = (signal?: AbortSignal) => Promise<Device>;

const startTrainingTryOut = startTryOutOf('./try-out-child', import.meta.url);

/**
 * The device on which prompts are learned. It is looked for when it is first asked for, because that loads the model twice,
 * and logged; later it is the same. Rejects as {@link chooseTrainingDevice} does.
 */
export function createTrainingDevice(parts: TrainingDeviceParts): TrainingDevice {
  let chosen: Promise<Device> | null = null;
  return (signal) => {
    chosen ??= choose(parts, signal).catch((error: unknown) => {
      chosen = null;
      throw error;
    });
    return chosen;
  };
}

async function choose(
  { wish, serving, bundle, home, log, probe }: TrainingDeviceParts,
  signal: AbortSignal | undefined,
): Promise<Device> {
  const { device, reason } = await chooseTrainingDevice({
    wish,
    serving,
    probe: probe ?? trainingProbe({ signal, model: () => directoryToLearnOn(bundle, home) }),
  });
  // What was cut short says nothing about the device.
  if (signal?.aborted) return CPU;
  log.info({ device: deviceName(device) }, reason);
  return device;
}

export interface TrainingProbeParts extends Pick<ProbeParts, 'around' | 'cudaLibraries'> {
  readonly signal?: AbortSignal | undefined;
  /** Directory of the bundle to learn on; undefined: there is none, and only a small product is tried out. */
  model(): Promise<string | undefined>;
}

/** Looks at files first, as for serving; then the training graph of the bundle is tried out. */
export function trainingProbe({ signal, model, ...parts }: TrainingProbeParts): Probe {
  return createProbe({
    ...parts,
    tryOut: async (device) => tryOut(device, { model: await model(), signal, start: startTrainingTryOut }),
  });
}

/** Undefined where no job could run either, which the jobs say themselves. */
async function directoryToLearnOn(served: Bundle, home: string): Promise<string | undefined> {
  try {
    return (await trainableBundle(served, home)).directory;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return undefined;
  }
}

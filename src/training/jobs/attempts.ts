import { DomainError } from '../../domain/errors.ts';
import { CPU, type Device, deviceName } from '../../engine/devices/device.ts';
import type { Exit } from './training-process.ts';

/** Ends of the process without a new checkpoint after which a device, or on the processor the job, is given up. */
export const MOST_CRASHES = 3;

/** How an attempt ended that did not finish its job. */
export interface Attempt {
  readonly exit: Exit;
  /** What the process said of its device; null: nothing. */
  readonly deviceFailure: string | null;
  /** It stored a checkpoint. */
  readonly progressed: boolean;
  /** From which the next one goes on. */
  readonly step: number;
}

/** Where the next attempt at a job runs, and when there is none. */
export class Attempts {
  private current: Device;
  private crashes = 0;

  constructor(device: Device) {
    this.current = device;
  }

  get device(): Device {
    return this.current;
  }

  /**
   * After an attempt that did not finish: what to say of it. A device that gave up is left for the processor, for the rest
   * of the job here. Throws `internal` training_process_crashed when there should be no other attempt.
   */
  after({ exit, deviceFailure, progressed, step }: Attempt): string {
    this.crashes = progressed ? 1 : this.crashes + 1;
    const isLast = this.crashes === MOST_CRASHES;
    if (this.current.kind !== 'cpu' && (deviceFailure !== null || isLast)) {
      const failure =
        deviceFailure ?? `on ${deviceName(this.current)} the training process ${repeated(exit)}`;
      this.current = CPU;
      this.crashes = 0;
      return `The job goes on on the processor from step ${step}: ${failure}.`;
    }
    if (isLast) throw crashed(exit);
    return `The training process ended unexpectedly (${ending(exit)}); it goes on from step ${step}.`;
  }
}

export function crashed(exit: Exit): DomainError {
  const text = `The training process ${repeated(exit)}.`;
  return new DomainError('internal', 'training_process_crashed', text, { given: ending(exit) });
}

const repeated = (exit: Exit): string => `ended ${MOST_CRASHES} times without progress (${ending(exit)})`;

const ending = ({ code, signal }: Exit): string => (signal === null ? `code ${code}` : signal);

import { setTimeout } from 'node:timers/promises';
import { withLock } from '../../model/cache-lock.ts';

/** Pause after the lock could not be taken, such as on a full disk. */
const RETRY_MS = 5000;

export interface TurnParts {
  /** File that says who works on the queue. */
  readonly lock: string;
  /** Ends the turn, or the wait for it. */
  readonly signal: AbortSignal;
  /** Works on the queue until the signal aborts. */
  work(): Promise<void>;
  /** Another server has the turn. */
  onWait(): void;
  onFailure(error: unknown): void;
}

/** Of all servers on one store only one trains; another takes over when it ends. Resolves after the signal aborts. */
export async function takeTurn({ lock, signal, work, onWait, onFailure }: TurnParts): Promise<void> {
  while (!signal.aborted) {
    try {
      await withLock(lock, work, { signal, onWait });
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

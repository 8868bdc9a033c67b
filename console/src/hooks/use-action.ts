import { useState } from 'preact/hooks';
import { isAbort } from '../api/refusal.ts';

export interface Action {
  readonly busy: boolean;
  readonly error: unknown;
  clear(): void;
  /** Runs one thing at a time; what it throws becomes `error`. True when it went well. */
  run(act: () => Promise<unknown>): Promise<boolean>;
}

/** Something that a person started, with its refusal. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return {
    busy,
    error,
    clear: () => setError(null),
    async run(act) {
      if (busy) return false;
      setBusy(true);
      setError(null);
      try {
        await act();
        return true;
      } catch (failure) {
        if (!isAbort(failure)) setError(failure);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}

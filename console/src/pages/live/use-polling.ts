import { useEffect, useState } from 'preact/hooks';
import { getMetrics } from '../../api/operation.ts';
import { ConnectionLost } from '../../api/refusal.ts';
import { keep, type Reading, readMetrics } from '../../lib/live.ts';

const EVERY_MS = 1000;

export interface Polling {
  readonly readings: readonly Reading[];
  /** Null: the last reading came. */
  readonly error: unknown;
}

/** Reads /metrics once a second while the page is in sight. After a lost connection it tries on; a refusal ends it. */
export function usePolling(): Polling {
  const [state, setState] = useState<Polling>({ readings: [], error: null });
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    async function poll(): Promise<void> {
      while (!signal.aborted) {
        const start = performance.now();
        try {
          if (!document.hidden) {
            const reading = readMetrics(await getMetrics(signal), start / 1000);
            setState(({ readings }) => ({ readings: keep(readings, reading), error: null }));
          }
        } catch (error) {
          if (signal.aborted) return;
          setState((before) => ({ ...before, error }));
          if (!(error instanceof ConnectionLost)) return;
        }
        await new Promise((resolve) =>
          setTimeout(resolve, EVERY_MS - Math.min(EVERY_MS - 100, performance.now() - start)),
        );
      }
    }
    void poll();
    return () => controller.abort();
  }, []);
  return state;
}

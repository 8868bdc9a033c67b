import { useCallback, useEffect, useState } from 'preact/hooks';
import { isAbort } from '../api/refusal.ts';
import { key as apiKey } from '../api/session.ts';

export interface Loaded<T> {
  readonly data: T | null;
  readonly error: unknown;
  readonly loading: boolean;
  reload(): void;
}

/** Reads what a page shows. What was read stays while it is read again, until `key` is another. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ key: string; data: T | null; error: unknown; loading: boolean }>({
    key,
    data: null,
    error: null,
    loading: true,
  });
  // `key` stands for all that `load` depends on; `turn` repeats it.
  useEffect(() => {
    const controller = new AbortController();
    setState((before) => ({
      key,
      data: before.key === key ? before.data : null,
      error: null,
      loading: true,
    }));
    load(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ key, data, error: null, loading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        setState((before) => ({ ...before, error, loading: false }));
      },
    );
    return () => controller.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const { value: secret } = apiKey;
  const hasFailed = state.error !== null;
  useEffect(() => {
    // Another key may read what the one before could not.
    if (hasFailed && secret !== null) reload();
  }, [secret]);
  const { data, error, loading } = state.key === key ? state : { data: null, error: null, loading: true };
  return { data, error, loading, reload };
}

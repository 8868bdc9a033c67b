const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs long work that stops when the process is interrupted, so that it can clean up behind itself. A second
 * signal ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const name of SIGNALS) process.once(name, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.removeListener(name, abort);
  }
}

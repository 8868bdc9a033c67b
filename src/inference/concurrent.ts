import { setMaxListeners } from 'node:events';

/**
 * Maps in order with at most `limit` calls at a time. The first error rejects and aborts the calls under way;
 * so does the caller's signal.
 */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  call: (item: T, index: number, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  // Every call under way may listen; Node would take more than ten listeners for a leak and warn.
  setMaxListeners(limit, either);
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      either.throwIfAborted();
      const index = next++;
      results[index] = await call(items[index]!, index, either);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  return results;
}

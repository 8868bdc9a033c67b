import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * V8 lets a heap grow up to four times beyond what was alive at its last full collection. Under a load that never pauses,
 * that is garbage which stays resident. What a service keeps alive hardly changes, so a smaller growth costs few collections.
 */
const GROWTH_PERCENT = 40;

/** Before its first full collection a heap may hold hundreds of megabytes; those of threads begin with this limit. */
const FIRST_LIMIT_MB = 16;

/** Makes V8 collect the heaps of this process earlier. Call it before threads are started. */
export function keepHeapsSmall(): void {
  // Read at each collection, and at each start of a thread; not options that NODE_OPTIONS may hold.
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString(`--initial-old-space-size=${FIRST_LIMIT_MB}`);
}

/**
 * One full collection of this thread's heap, some tens of milliseconds. What follows is measured against what is alive now,
 * not against what the start of the service needed for a while.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
}

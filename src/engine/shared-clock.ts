/** Milliseconds of a clock that all threads of the process share; `performance.now()` begins anew in each. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6;

const shift = sharedNow() - performance.now();

/** A time of {@link sharedNow}, of any thread, as this thread's `performance.now()` would have given it. */
export const asLocalTime = (at: number): number => at - shift;

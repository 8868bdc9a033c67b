/** Items of a cache that are asked alike. */
export interface Items {
  /** Of each of them in the requests; all shares of all items add up to one. */
  readonly share: number;
  readonly count: number;
}

/**
 * Che's approximation of a cache that drops what was used least recently (Che, Tung and Wang 2002; why it holds: Fricker,
 * Robert and Roberts 2012). An item stays for about the same time after its last use, whichever it is: as many requests T
 * as bring `capacity` different items. So it is found with probability 1 - exp(-share x T).
 */
export interface CheFigures {
  /** T: requests that an item stays in the cache without being used. */
  readonly characteristicRequests: number;
  /** Part of the requests that find their item, 0 to 1. */
  readonly hitRate: number;
}

/** Relative; Newton's steps on a concave function come from one side. */
const PRECISION = 1e-9;
const MOST_STEPS = 100;

/** @param capacity items that fit */
export function cheLru(items: readonly Items[], capacity: number): CheFigures {
  if (capacity >= items.reduce((sum, { count }) => sum + count, 0))
    return { characteristicRequests: Number.POSITIVE_INFINITY, hitRate: 1 };
  let time = capacity;
  for (let step = 0; step < MOST_STEPS; step++) {
    let [held, slope] = [0, 0];
    for (const { share, count } of items) {
      const gone = Math.exp(-share * time);
      held += count * (1 - gone);
      slope += count * share * gone;
    }
    const before = time;
    time += (capacity - held) / slope;
    if (Math.abs(time - before) <= PRECISION * time) break;
  }
  const hitRate = items.reduce(
    (sum, { share, count }) => sum + count * share * (1 - Math.exp(-share * time)),
    0,
  );
  return { characteristicRequests: time, hitRate };
}

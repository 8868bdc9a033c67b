/** Points of a replica on the ring: the more, the more alike the parts are. */
const POINTS = 128;

/**
 * Consistent hashing (Karger et al. 1997): a task belongs to the replica of the first point behind its hash. A replica
 * that joins takes its part from all others, and no task moves between those.
 */
export class HashRing {
  readonly replicas: number;
  /** In rising order; the owners stand at the same indices. */
  readonly #points: Uint32Array;
  readonly #owners: Uint16Array;

  constructor(replicas: number) {
    this.replicas = replicas;
    const points = Array.from({ length: replicas * POINTS }, (_, i) => {
      const owner = Math.floor(i / POINTS);
      return { at: mix(mix(owner + 1) ^ Math.imul((i % POINTS) + 1, 0x9e3779b9)), owner };
    }).sort((a, b) => a.at - b.at || a.owner - b.owner);
    this.#points = Uint32Array.from(points, ({ at }) => at);
    this.#owners = Uint16Array.from(points, ({ owner }) => owner);
  }

  /** The index of a task's first point. */
  placeOf(task: number): number {
    const hash = mix(task ^ 0x5bd1e995);
    let [low, high] = [0, this.#points.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#points[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low % this.#points.length;
  }

  /** The replica at a place. */
  ownerAt(place: number): number {
    return this.#owners[place]!;
  }

  /**
   * The first replica at or behind a place that may take a request.
   * @param mayTake holds for at least one replica
   */
  firstAt(place: number, mayTake: (replica: number) => boolean): number {
    for (let at = place; ; at = at + 1 === this.#owners.length ? 0 : at + 1) {
      const owner = this.#owners[at]!;
      if (mayTake(owner)) return owner;
    }
  }
}

/** A hash of 32 bits: MurmurHash3's last step. */
function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

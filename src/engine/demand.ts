/** Time constant of the rate, in milliseconds: a burst of a second says little, ten seconds say nearly all. */
const MEMORY_MS = 5000;

/** How often something is asked for, as a mean that forgets exponentially. Times are milliseconds. */
export class Demand {
  private perMs = 0;
  private at = 0;

  ask(now: number): void {
    this.perMs = this.rate(now) + 1 / MEMORY_MS;
    this.at = now;
  }

  /** Asked for in a millisecond. */
  rate(now: number): number {
    return this.perMs * Math.exp((this.at - now) / MEMORY_MS);
  }
}

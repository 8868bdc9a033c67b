/** What one more measurement weighs against those before it. */
const WEIGHT = 0.2;

/** A reading run between two decode steps takes about this many decode steps' time, */
const STEPS_PER_READ = 2;

/** up to this many times longer when more inputs wait than rows would pause: the sum of all delays is what counts, */
const MOST_PRESSURE = 4;

/** but this many milliseconds are always granted: people do not notice that a stream pauses so long. */
const UNNOTICED_MS = 60;

/** Runs of fewer positions say little about the cost of a position: reading the weights dominates. */
const TELLING_POSITIONS = 32;

/**
 * How long runs take on this machine, learned from the runs themselves. It bounds what reading may take from
 * running streams: a number of positions, because that is what a run can be cut to.
 */
export class Pace {
  private readMsPerPosition: number | null = null;
  private decodeMs: number | null = null;

  /** A reading run of so many positions, padding included. */
  observeRead(positions: number, ms: number): void {
    if (positions < TELLING_POSITIONS) return;
    this.readMsPerPosition = blend(this.readMsPerPosition, ms / positions);
  }

  observeDecode(ms: number): void {
    this.decodeMs = blend(this.decodeMs, ms);
  }

  /**
   * Positions that one reading run may take while rows decode, within the given bounds.
   * @param pressure how many inputs wait for each row that decodes
   */
  interleavedPositions(least: number, most: number, pressure: number): number {
    if (this.readMsPerPosition === null) return least;
    const steps = STEPS_PER_READ * Math.min(MOST_PRESSURE, Math.max(1, pressure));
    const ms = Math.max(UNNOTICED_MS, steps * (this.decodeMs ?? 0));
    return Math.min(most, Math.max(least, Math.floor(ms / this.readMsPerPosition)));
  }
}

function blend(before: number | null, now: number): number {
  return before === null ? now : before + WEIGHT * (now - before);
}

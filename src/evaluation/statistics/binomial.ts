import type { Random } from '../../domain/random.ts';

/**
 * Draws from Binomial(n, p) by inversion from the mode outwards (Kemp 1986, "A modal method for generating binomial
 * variables"): exact up to rounding, and some standard deviations of steps for a draw, where counting n trials would take n.
 */
export class BinomialDraws {
  /** ln k! */
  private readonly logFactorials: Float64Array;
  private readonly random: Random;

  /** @param most largest n */
  constructor(most: number, random: Random) {
    this.logFactorials = new Float64Array(most + 1);
    for (let k = 2; k <= most; k++) this.logFactorials[k] = this.logFactorials[k - 1]! + Math.log(k);
    this.random = random;
  }

  /** The number of successes of n trials. */
  draw(n: number, p: number): number {
    if (n === 0 || p <= 0) return 0;
    if (p >= 1) return n;
    const logs = this.logFactorials;
    const mode = Math.floor((n + 1) * p);
    const failures = n - mode;
    const atMode = Math.exp(
      logs[n]! - logs[mode]! - logs[failures]! + mode * Math.log(p) + failures * Math.log1p(-p),
    );
    let left = this.random.next() - atMode;
    if (left < 0) return mode;
    const odds = p / (1 - p);
    let [low, high, atLow, atHigh] = [mode, mode, atMode, atMode];
    while (low > 0 || high < n) {
      if (high < n) {
        atHigh *= ((n - high) / (high + 1)) * odds;
        high++;
        left -= atHigh;
        if (left < 0) return high;
      }
      if (low > 0) {
        atLow *= low / ((n - low + 1) * odds);
        low--;
        left -= atLow;
        if (left < 0) return low;
      }
    }
    // The probabilities add up to a rounding error less than 1.
    return mode;
  }
}

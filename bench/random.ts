/** A seeded source of random numbers. */
export type Random = () => number;

/** Numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number in [0, below). */
export function integerBelow(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/** The items in a random order (Fisher and Yates). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = integerBelow(random, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/**
 * Indices in [0, count) whose popularity falls as rank^-exponent, as S-LoRA (section 7.1) and Zipf's law have it.
 */
export function powerLaw(random: Random, count: number, exponent = 1): () => number {
  const sums: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= count; rank++) {
    total += rank ** -exponent;
    sums.push(total);
  }
  return () => {
    const at = random() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/**
 * A time between arrivals, Gamma distributed: `rate` arrivals a second on average, coefficient of variation
 * `cv` (1 is a Poisson process). Marsaglia and Tsang 2000.
 */
export function gammaInterval(random: Random, rate: number, cv: number): number {
  const shape = 1 / cv ** 2;
  return gamma(random, shape) / (shape * rate);
}

function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

import { Random } from '../../domain/random.ts';
import type { SamplingParams } from '../../domain/sampling.ts';
import type { BestTokens } from '../backend.ts';
import type { Prediction } from '../reading/results.ts';

/** The largest finite float32. */
const LARGEST_LOGIT = (2 - 2 ** -23) * 2 ** 127;

/**
 * Chooses the tokens of one sequence. Order of the steps, as in transformers: penalties, temperature, top-k,
 * top-p. All randomness comes from the request's seed, so a result does not depend on the batch.
 */
export class Sampler {
  private readonly params: SamplingParams;
  private readonly random: Random;
  /** Numbers that were told of before they were used. */
  private readonly foreseen: number[] = [];
  /** Tokens that the repetition penalty applies to: those of the input and of the output. */
  private readonly seen = new Set<number>();
  /** Generated tokens and how often: what the presence and frequency penalties count. */
  private readonly generated = new Map<number, number>();

  constructor(params: SamplingParams, inputIds: readonly number[]) {
    this.params = params;
    this.random = new Random(params.seed);
    if (params.repetitionPenalty !== 1) for (const id of inputIds) this.seen.add(id);
  }

  /** Whether the `count` best tokens are enough to choose, without the other logits. */
  needsOnlyBest(count: number): boolean {
    const { temperature, topK } = this.params;
    return !this.hasPenalties && (temperature === 0 || (topK > 0 && topK <= count));
  }

  /** A token's logit depends on the tokens before it. */
  get hasPenalties(): boolean {
    const { repetitionPenalty, presencePenalty, frequencyPenalty } = this.params;
    return repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;
  }

  /** The random numbers of the next `count` draws; they are still to be drawn. */
  foresee(count: number): readonly number[] {
    while (this.foreseen.length < count) this.foreseen.push(this.random.next());
    return this.foreseen.slice(0, count);
  }

  /** Remembers a token that was chosen elsewhere, with the number that `foresee` told of. */
  take(id: number): void {
    if (this.params.temperature !== 0) this.uniform();
    this.remember(id);
  }

  /** Chooses a token and remembers it. All logits [vocab] are changed in place. */
  next(prediction: Prediction): number {
    const id = prediction.kind === 'best' ? this.nextOfBest(prediction.best) : this.nextOf(prediction.logits);
    this.remember(id);
    return id;
  }

  private nextOf(logits: Float32Array): number {
    this.penalise(logits);
    return this.params.temperature === 0 ? argmax(logits) : this.draw(logits);
  }

  /** The same choice, to the bit: the best come in the order in which `draw` would sort them. */
  private nextOfBest({ logits, tokens }: BestTokens): number {
    const { temperature, topK } = this.params;
    if (temperature === 0) return Number(tokens[0]);
    const weights = Float64Array.from(logits.subarray(0, topK), (logit) =>
      Math.exp((logit - logits[0]!) / temperature),
    );
    return Number(tokens[this.drawSorted(weights, [...weights.keys()])]);
  }

  private uniform(): number {
    return this.foreseen.shift() ?? this.random.next();
  }

  private remember(id: number): void {
    this.generated.set(id, (this.generated.get(id) ?? 0) + 1);
    if (this.params.repetitionPenalty !== 1) this.seen.add(id);
  }

  private penalise(logits: Float32Array): void {
    const { repetitionPenalty, presencePenalty, frequencyPenalty } = this.params;
    if (repetitionPenalty !== 1) {
      for (const id of this.seen) {
        const logit = logits[id]!;
        const penalised = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
        // A penalty next to 0 would make it infinite, and its distance from another such logit is no number.
        logits[id] = Math.min(penalised, LARGEST_LOGIT);
      }
    }
    if (presencePenalty !== 0 || frequencyPenalty !== 0) {
      for (const [id, count] of this.generated) logits[id]! -= presencePenalty + frequencyPenalty * count;
    }
  }

  private draw(logits: Float32Array): number {
    const { temperature, topK, topP } = this.params;
    const max = logits[argmax(logits)]!;
    // Weights relative to the best token; they overflow nowhere, and the sum is at least 1.
    const weights = new Float64Array(logits.length);
    let total = 0;
    for (let id = 0; id < logits.length; id++) {
      const weight = Math.exp((logits[id]! - max) / temperature);
      weights[id] = weight;
      total += weight;
    }
    const restricted = (topK > 0 && topK < logits.length) || topP < 1;
    if (!restricted) return drawInOrder(weights, this.uniform() * total);
    return this.drawFromBest(weights, total);
  }

  private drawFromBest(weights: Float64Array, total: number): number {
    const { topK, topP } = this.params;
    // What cannot be drawn need not be sorted: with top-k all below the k-th weight; with top-p all below
    // (1 - p) * total / vocab, because those together weigh less than (1 - p) * total.
    const cutoff =
      topK > 0 && topK < weights.length ? kthLargest(weights, topK) : ((1 - topP) * total) / weights.length;
    const candidates: number[] = [];
    for (let id = 0; id < weights.length; id++) if (weights[id]! >= cutoff) candidates.push(id);
    candidates.sort((a, b) => weights[b]! - weights[a]! || a - b);
    return this.drawSorted(
      weights,
      topK > 0 ? candidates.slice(0, topK) : candidates,
      topK > 0 ? null : total,
    );
  }

  /**
   * @param sorted indices into `weights`, the largest first
   * @param total the mass that top-p is a share of; null: that of `sorted`
   */
  private drawSorted(weights: Float64Array, sorted: readonly number[], total: number | null = null): number {
    const { topP } = this.params;
    let candidates = sorted;
    let mass = candidates.reduce((sum, id) => sum + weights[id]!, 0);
    if (topP < 1) {
      const wanted = (total ?? mass) * topP;
      let kept = 0;
      mass = 0;
      do mass += weights[candidates[kept++]!]!;
      while (kept < candidates.length && mass < wanted);
      candidates = candidates.slice(0, kept);
    }
    let rest = this.uniform() * mass;
    for (const id of candidates) {
      rest -= weights[id]!;
      if (rest < 0) return id;
    }
    return candidates[candidates.length - 1]!;
  }
}

/** The k-th largest value, by quickselect on a copy. */
function kthLargest(values: Float64Array, k: number): number {
  const copy = values.slice();
  const target = k - 1;
  let low = 0;
  let high = copy.length - 1;
  while (low < high) {
    const pivot = copy[(low + high) >>> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (copy[i]! > pivot) i++;
      while (copy[j]! < pivot) j--;
      if (i <= j) {
        const held = copy[i]!;
        copy[i++] = copy[j]!;
        copy[j--] = held;
      }
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else break;
  }
  return copy[target]!;
}

function drawInOrder(weights: Float64Array, target: number): number {
  let rest = target;
  let last = 0;
  for (let id = 0; id < weights.length; id++) {
    if (weights[id]! === 0) continue;
    last = id;
    rest -= weights[id]!;
    if (rest < 0) return id;
  }
  return last;
}

/** Index of the largest value; the lowest among equals. */
export function argmax(values: Float32Array): number {
  let best = 0;
  let max = values[0]!;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value > max) {
      max = value;
      best = i;
    }
  }
  return best;
}

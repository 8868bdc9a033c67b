import type { Optimiser } from './optimiser.ts';

export interface AdafactorOptions {
  /** The second moment decays with 1 - step^-decayExponent. */
  readonly decayExponent: number;
  /** Updates whose root mean square is larger are scaled down to it. */
  readonly clippingThreshold: number;
  /** Added to the squared gradient. */
  readonly epsilon: number;
  /** Decoupled: parameters shrink by learningRate * weightDecay a step. */
  readonly weightDecay: number;
}

/** As Lester et al. 2021 (section 3) trained prompts, with T5's clipping. */
export const ADAFACTOR_DEFAULTS: AdafactorOptions = {
  decayExponent: 0.8,
  clippingThreshold: 1,
  epsilon: 1e-30,
  weightDecay: 1e-5,
};

/**
 * Adafactor (Shazeer & Stern 2018, algorithm 4) as the prompt tuning paper used it: the second moment unfactored, no
 * momentum, no scaling by the parameters' size, a learning rate from outside.
 */
export function adafactor(options: Partial<AdafactorOptions> = {}): Optimiser {
  const { decayExponent, clippingThreshold, epsilon, weightDecay } = { ...ADAFACTOR_DEFAULTS, ...options };
  return {
    name: 'adafactor',
    init: (length) => ({ square: new Float32Array(length) }),
    update({ parameters, gradient, slots, step, learningRate }) {
      const decay = 1 - (step + 1) ** -decayExponent;
      const square = slots.square!.map((v, i) => decay * v + (1 - decay) * (gradient[i]! ** 2 + epsilon));
      // In float64: an early gradient of 1e-20 has a square that float32 cannot hold, which must not divide by 0.
      const direction = Float64Array.from(gradient, (g, i) => g / Math.sqrt(Math.max(square[i]!, epsilon)));
      const rootMeanSquare = Math.sqrt(direction.reduce((sum, u) => sum + u * u, 0) / direction.length);
      const rate = learningRate / Math.max(1, rootMeanSquare / clippingThreshold);
      const shrink = 1 - learningRate * weightDecay;
      return { parameters: parameters.map((p, i) => p * shrink - rate * direction[i]!), slots: { square } };
    },
  };
}

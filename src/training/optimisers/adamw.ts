import type { Optimiser } from './optimiser.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: parameters shrink by learningRate * weightDecay a step. */
  readonly weightDecay: number;
}

/** torch.optim.AdamW's defaults, without weight decay: it would pull a prompt towards no input at all. */
export const ADAMW_DEFAULTS: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** torch.optim.AdamW (Loshchilov & Hutter 2019), its `_single_tensor_adamw` step by step. */
export function adamW(options: Partial<AdamWOptions> = {}): Optimiser {
  const { beta1, beta2, epsilon, weightDecay } = { ...ADAMW_DEFAULTS, ...options };
  return {
    name: 'adamw',
    init: (length) => ({ mean: new Float32Array(length), square: new Float32Array(length) }),
    update({ parameters, gradient, slots, step, learningRate }) {
      const mean = slots.mean!.map((m, i) => m + (1 - beta1) * (gradient[i]! - m));
      const square = slots.square!.map((v, i) => beta2 * v + (1 - beta2) * gradient[i]! ** 2);
      const stepSize = learningRate / (1 - beta1 ** (step + 1));
      const correction = Math.sqrt(1 - beta2 ** (step + 1));
      const shrink = 1 - learningRate * weightDecay;
      return {
        parameters: parameters.map(
          (p, i) => p * shrink - (stepSize * mean[i]!) / (Math.sqrt(square[i]!) / correction + epsilon),
        ),
        slots: { mean, square },
      };
    },
  };
}

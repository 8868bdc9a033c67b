import type { Optimiser } from './optimiser.ts';

export interface SgdOptions {
  /** 0: plain gradient descent. */
  readonly momentum: number;
  /** Added to the gradient, times the parameters. */
  readonly weightDecay: number;
}

/** torch.optim.SGD without dampening. */
export function sgd({ momentum = 0, weightDecay = 0 }: Partial<SgdOptions> = {}): Optimiser {
  return {
    name: 'sgd',
    // Starting from zeros equals torch, which starts the velocity with the first gradient.
    init: (length): Readonly<Record<string, Float32Array>> =>
      momentum === 0 ? {} : { velocity: new Float32Array(length) },
    update({ parameters, gradient, slots, learningRate }) {
      const decayed = gradient.map((g, i) => g + weightDecay * parameters[i]!);
      const velocity = slots.velocity?.map((v, i) => momentum * v + decayed[i]!);
      const direction = velocity ?? decayed;
      return {
        parameters: parameters.map((p, i) => p - learningRate * direction[i]!),
        slots: velocity === undefined ? {} : { velocity },
      };
    },
  };
}

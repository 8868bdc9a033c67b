export type Decay = 'constant' | 'linear' | 'cosine';

export interface Schedule {
  readonly decay: Decay;
  /** Steps over which the rate rises linearly from 0. */
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

/**
 * The factor of the learning rate for an update, after transformers' `get_{constant,linear,cosine}_schedule_with_warmup`:
 * `step` updates were made before it.
 */
export function scheduleFactor({ decay, warmupSteps, totalSteps }: Schedule, step: number): number {
  if (step < warmupSteps) return step / Math.max(1, warmupSteps);
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  switch (decay) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - progress;
    case 'cosine':
      return 0.5 * (1 + Math.cos(Math.PI * progress));
  }
}

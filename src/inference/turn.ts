import type { Turn } from '../domain/engine.ts';
import type { ServiceTier } from '../domain/inference.ts';
import type { Target } from './target.ts';

/** A request of more sequences than this is batch work, unless it says otherwise. */
const INTERACTIVE_SEQUENCES = 8;

/** Whose turn a request's sequences use up, and how urgent they are. */
export function turnOf(
  { flow, tenant }: Pick<Target, 'flow' | 'tenant'>,
  sequences: number,
  tier: ServiceTier | undefined,
): Turn {
  const batch = tier === 'flex' || (tier !== 'default' && sequences > INTERACTIVE_SEQUENCES);
  return { flow, priority: batch ? 'batch' : 'interactive', ...(tenant !== null && { tenant }) };
}

import type { TokenDetail, TokenLogprob } from '../../domain/engine.ts';

/** log(sum(exp(logits))), in nats. */
export function logSumExp(logits: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > max) max = logits[i]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - max);
  return max + Math.log(sum);
}

/** The `count` largest logits, best first; the lower id first among equals. */
export function topTokens(logits: Float32Array, count: number): { id: number; logit: number }[] {
  const best: { id: number; logit: number }[] = [];
  if (count === 0) return best;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (best.length === count && logit <= best[count - 1]!.logit) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.logit < logit) at--;
    best.splice(at, 0, { id, logit });
    if (best.length > count) best.pop();
  }
  return best;
}

/** Log-probability of `id` and of the `top` most likely tokens, under softmax(logits). */
export function tokenDetail(logits: Float32Array, id: number, top: number): TokenDetail {
  const normaliser = logSumExp(logits);
  const alternatives: TokenLogprob[] = topTokens(logits, top).map((token) => ({
    id: token.id,
    logprob: token.logit - normaliser,
  }));
  return { logprob: logits[id]! - normaliser, top: alternatives };
}

import type { Classification } from '../domain/inference.ts';

/** Softmax over the labels' log-likelihoods. Of labels that are equally likely the first wins. */
export function classification(labels: readonly string[], logliks: readonly number[]): Classification {
  const best = Math.max(...logliks);
  const weights = logliks.map((loglik) => Math.exp(loglik - best));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    label: labels[logliks.indexOf(best)]!,
    probabilities: Object.fromEntries(labels.map((label, i) => [label, weights[i]! / total])),
    logliks,
    vote: null,
  };
}

/**
 * -log softmax(scores)[target], in nats.
 * @param scores log-likelihoods, all finite
 */
export function crossEntropy(scores: readonly number[], target: number): number {
  const highest = Math.max(...scores);
  const sum = scores.reduce((total, score) => total + Math.exp(score - highest), 0);
  return Math.log(sum) + highest - scores[target]!;
}

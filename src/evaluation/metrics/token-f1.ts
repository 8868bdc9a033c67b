import { answerWords } from './answer-words.ts';

/**
 * F1 of the words that two answers share, each counted as often as it stands in both. When one has no words: 1 if
 * the other has none either, else 0 (`compute_f1` of SQuAD's evaluate-v2.0.py, Rajpurkar et al. 2018).
 */
export function tokenF1(answer: string, truth: string): number {
  const [given, right] = [answerWords(answer), answerWords(truth)];
  if (given.length === 0 || right.length === 0) return given.length === right.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of right) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of given) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared++;
  }
  return (2 * shared) / (given.length + right.length);
}

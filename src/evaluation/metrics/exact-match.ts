import { answerWords } from './answer-words.ts';

/** Whether two answers have the same words in the same order (SQuAD's exact match). */
export function exactMatch(answer: string, truth: string): boolean {
  return answerWords(answer).join(' ') === answerWords(truth).join(' ');
}

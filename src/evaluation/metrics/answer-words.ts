/** Python's `string.punctuation`. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;
/** Whole words only; `\b` would know ASCII letters alone. */
const ARTICLES = /(?<![\p{L}\p{N}])(?:a|an|the)(?![\p{L}\p{N}])/gu;

/**
 * The words of an answer by which it is compared: lower case, without ASCII punctuation and English articles. The
 * normalisation of SQuAD's official script (`normalize_answer` of evaluate-v1.1.py, Rajpurkar et al. 2016).
 */
export function answerWords(text: string): readonly string[] {
  const plain = text.toLowerCase().replace(PUNCTUATION, '').replace(ARTICLES, ' ').trim();
  return plain === '' ? [] : plain.split(/\s+/);
}

import { DomainError } from '../domain/errors.ts';

/** Log-probabilities of one request: a choice's tokens, each with its alternatives. An answer of so many has 60 MB. */
const MOST_LOGPROBS = 1_048_576;

/** Most tokens of which each of `choices` can report log-probabilities; null: it reports none. */
export function mostTokens(choices: number, logprobs: number | null): number {
  return logprobs === null ? Number.POSITIVE_INFINITY : Math.floor(MOST_LOGPROBS / choices / (logprobs + 1));
}

/**
 * Throws `unprocessable` too_many_logprobs.
 * @param tokens of all choices together, those of an echoed input too
 * @param logprobs alternatives of each token; null: no log-probabilities
 */
export function checkLogprobs(choices: number, tokens: number, logprobs: number | null): void {
  if (logprobs === null) return;
  const given = tokens * (logprobs + 1);
  if (given <= MOST_LOGPROBS) return;
  throw new DomainError(
    'unprocessable',
    'too_many_logprobs',
    `${choices} choices of ${tokens} tokens together, each with ${logprobs} alternatives, are ${given} log-probabilities; ` +
      `a request can ask for ${MOST_LOGPROBS}.`,
    { param: 'logprobs', expected: `at most ${MOST_LOGPROBS}`, given },
  );
}

import { DomainError } from '../../domain/errors.ts';

/** Seconds after which vLLM may be there again. */
const RETRY_AFTER = 5;

/** vLLM has no door for this, whatever is asked of it. @param what names the feature, at the beginning of a sentence */
export function engineCannot(what: string, param: string, expected: string, given?: unknown): DomainError {
  return new DomainError('unprocessable', 'engine_cannot', `${what} cannot be had from the engine vLLM.`, {
    param,
    expected,
    ...(given !== undefined && { given }),
  });
}

/** No connection, or it broke off: vLLM has ended, or the network has. */
export function engineLost(cause: unknown): DomainError {
  return unavailable('engine_lost', 'The engine vLLM cannot be reached, or ended while it worked.', cause);
}

/** Nothing came for so long. */
export function engineStalled(ms: number): DomainError {
  const message = `The engine vLLM sent nothing for ${ms} ms.`;
  return unavailable('engine_stalled', message, new Error(message));
}

/** The answer is no answer to the question; what it was goes to the log. */
export function badAnswer(reason: string, cause?: unknown): DomainError {
  return unavailable(
    'engine_bad_answer',
    'The engine vLLM gave an answer that cannot be read.',
    cause ?? new Error(reason),
  );
}

/** vLLM refused a request that was checked before, or failed in it. @param reason what it said, for the log */
export function engineRefused(status: number, reason: string): DomainError {
  const cause = new Error(`vLLM answered ${status}: ${reason}`);
  return unavailable('engine_refused', `The engine vLLM answered with status ${status}.`, cause);
}

function unavailable(code: string, message: string, cause: unknown): DomainError {
  return new DomainError('unavailable', code, message, { retryAfter: RETRY_AFTER, cause });
}

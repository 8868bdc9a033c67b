import { contextFault } from '../domain/context.ts';
import type { EngineLimits, PromptHandle } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { Tokenizer } from '../model/tokenizer.ts';

/**
 * Throws `unprocessable` context_length_exceeded unless prompt, input and output fit the model's context.
 * @param inputParam the field at fault when the input alone is too long for an encoder
 */
export function checkContext(
  limits: EngineLimits,
  prompt: PromptHandle | null,
  inputTokens: number,
  outputTokens: number,
  param: string,
  inputParam = param,
): void {
  const use = { virtual: prompt?.length ?? 0, input: inputTokens, output: outputTokens };
  const fault = contextFault(limits, use);
  if (fault === null) return;
  const { message, limit, given, isInput } = fault;
  throw new DomainError('unprocessable', 'context_length_exceeded', message, {
    param: isInput ? inputParam : param,
    expected: limit,
    given,
  });
}

/** Throws `unprocessable` empty_input when nothing at all stands before the first output token. */
export function checkNotEmpty(prompt: PromptHandle | null, inputTokens: number, param: string): void {
  if (prompt?.form === 'rows' || inputTokens > 0) return;
  throw new DomainError(
    'unprocessable',
    'empty_input',
    prompt === null
      ? 'Without a soft prompt the input holds at least one token.'
      : 'Behind a PREFIX_TUNING prompt the input holds at least one token.',
    { param, expected: 'at least one token', given: 0 },
  );
}

/**
 * Refuses a text by its size, before the work of tokenising it: were every token the longest of the
 * vocabulary, there would still be too many. Throws `unprocessable` context_length_exceeded.
 */
export function checkTextSize(limits: EngineLimits, tokenizer: Tokenizer, text: string, param: string): void {
  const bytes = Buffer.byteLength(text);
  const tokens = Math.ceil(bytes / tokenizer.maxTokenBytes);
  if (tokens <= limits.contextLength) return;
  throw new DomainError(
    'unprocessable',
    'context_length_exceeded',
    `A text of ${bytes} bytes has at least ${tokens} tokens; the limit is ${limits.contextLength}.`,
    { param, expected: limits.contextLength, given: tokens },
  );
}

/** Refuses a text of which the first `tokens` are known. Throws `unprocessable` context_length_exceeded. */
export function checkTokenCount(limits: EngineLimits, tokens: number, param: string): void {
  if (tokens <= limits.contextLength) return;
  throw new DomainError(
    'unprocessable',
    'context_length_exceeded',
    `A text has at least ${tokens} tokens; the limit is ${limits.contextLength}.`,
    { param, expected: limits.contextLength, given: tokens },
  );
}

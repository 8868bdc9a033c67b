import type { EngineLimits } from './engine.ts';

/** Positions that a request takes. */
export interface ContextUse {
  readonly virtual: number;
  readonly input: number;
  readonly output: number;
}

/** What is too long, for a message, or null when it fits. */
export function contextFault(
  { contextLength, outputLength }: Pick<EngineLimits, 'contextLength' | 'outputLength'>,
  { virtual, input, output }: ContextUse,
): { readonly message: string; readonly limit: number; readonly given: number } | null {
  const source = `${virtual} virtual tokens + ${input} input tokens`;
  const fault = (text: string, given: number, limit: number) =>
    given <= limit ? null : { message: `${text} = ${given}; the limit is ${limit}.`, limit, given };
  if (outputLength === null) {
    return fault(`${source} + ${output} output tokens`, virtual + input + output, contextLength);
  }
  return fault(source, virtual + input, contextLength) ?? fault('Output tokens', output, outputLength);
}

/** Tokens that may follow a prompt and an input. */
export const outputRoom = (
  { contextLength, outputLength }: Pick<EngineLimits, 'contextLength' | 'outputLength'>,
  virtual: number,
  input: number,
): number => outputLength ?? contextLength - virtual - input;

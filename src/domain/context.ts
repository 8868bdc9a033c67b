import type { EngineLimits } from './engine.ts';

/** Positions that a request takes. */
export interface ContextUse {
  readonly virtual: number;
  readonly input: number;
  readonly output: number;
}

/** What is too long, for a message. */
export interface ContextFault {
  readonly message: string;
  readonly limit: number;
  readonly given: number;
  /** The input is too long by itself: no smaller output would help. */
  readonly isInput: boolean;
}

/** What is too long, or null when it fits. */
export function contextFault(
  { contextLength, outputLength }: Pick<EngineLimits, 'contextLength' | 'outputLength'>,
  { virtual, input, output }: ContextUse,
): ContextFault | null {
  const source = `${virtual} virtual tokens + ${input} input tokens`;
  const fault = (text: string, given: number, limit: number, isInput = false): ContextFault | null => {
    if (given <= limit) return null;
    return { message: `${text} = ${given}; the limit is ${limit}.`, limit, given, isInput };
  };
  if (outputLength === null) {
    return fault(`${source} + ${output} output tokens`, virtual + input + output, contextLength);
  }
  return fault(source, virtual + input, contextLength, true) ?? fault('Output tokens', output, outputLength);
}

/** Tokens that may follow a prompt and an input. */
export const outputRoom = (
  { contextLength, outputLength }: Pick<EngineLimits, 'contextLength' | 'outputLength'>,
  virtual: number,
  input: number,
): number => outputLength ?? contextLength - virtual - input;

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

type Lengths = Pick<EngineLimits, 'contextLength' | 'outputLength' | 'kvPositions'>;

/**
 * The same limits for an ensemble of so many: its rows are in memory at the same time, so each can only be as long as all
 * of them fit.
 */
export function limitsOfRows<T extends Lengths>(limits: T, rows: number): T {
  const { contextLength, outputLength, kvPositions } = limits;
  if (kvPositions === null || rows === 1) return limits;
  // Memory is taken for a power of two of rows, each as long as a bucket of the longest one.
  const longest = wholeBuckets(Math.floor(kvPositions / 2 ** Math.ceil(Math.log2(rows))));
  return {
    ...limits,
    contextLength: Math.min(contextLength, longest),
    outputLength: outputLength && Math.min(outputLength, longest),
  };
}

/** The longest row whose bucket has no more than `positions`: steps of 64 up to 512, then of 4 to 8 to a power of two. */
function wholeBuckets(positions: number): number {
  const step = positions <= 512 ? 64 : 2 ** Math.ceil(Math.log2(positions)) / 8;
  return Math.floor(positions / step) * step;
}

import { DomainError } from '../../domain/errors.ts';

export interface DatasetLimits {
  readonly maxBytes: number;
  readonly maxRows: number;
  readonly maxRowBytes: number;
  /** Distinct labels, and characters of one: what a task may have. */
  readonly maxLabels: number;
  readonly maxLabelLength: number;
  /** Problems that are listed; further ones are only counted. */
  readonly maxProblems: number;
}

export const DATASET_LIMITS: DatasetLimits = {
  maxBytes: 64 * 2 ** 20,
  maxRows: 200_000,
  maxRowBytes: 2 ** 20,
  maxLabels: 1024,
  maxLabelLength: 1024,
  maxProblems: 100,
};

/** Passes chunks on; rejects with `too_large` dataset_too_large as soon as they add up to more than allowed. */
export async function* limitBytes(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge('bytes', maxBytes);
    yield chunk;
  }
}

export function tooLarge(what: 'bytes' | 'rows', most: number): DomainError {
  return new DomainError('too_large', 'dataset_too_large', `A data set may have at most ${most} ${what}.`, {
    param: 'file',
    expected: most,
    given: `more than ${most}`,
  });
}

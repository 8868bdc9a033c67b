import { DomainError } from '../domain/errors.ts';

/** The first `count` of the ids, repeated as often as it takes. Throws `invalid` init_text_empty. */
export function repeatToLength(ids: readonly number[], count: number): number[] {
  if (ids.length === 0) {
    throw new DomainError('invalid', 'init_text_empty', 'The initial text has no tokens.', {
      param: 'prompt_tuning_init_text',
      expected: 'at least one token',
      given: 0,
    });
  }
  return Array.from({ length: count }, (_, index) => ids[index % ids.length]!);
}

import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import { MOST_VERSIONS } from '../../domain/serving.ts';
import { optional } from './common.ts';
import { User } from './generation.ts';

/** Classify and score also take the base model's id, which need not be a task name. */
export const ServedParams = Type.Object({
  task: Type.String({ minLength: 1, maxLength: 256, description: "A task, or the base model's id." }),
});

export const VersionNumber = Type.Integer({ minimum: 1, maximum: 999_999_999 });

export const Version = Type.Integer({
  ...VersionNumber,
  description: 'A version, instead of what the task serves with.',
});

export const ServedBy = Type.String({
  description: 'What served: `task@version`, `task@1+2` of an ensemble, or the base model.',
});

/** Fields by which classify and score choose who answers. */
export const Answering = {
  version: optional(Version),
  versions: optional(
    Type.Array(VersionNumber, {
      minItems: 1,
      maxItems: MOST_VERSIONS,
      description: 'An ensemble of these versions, instead of what the task serves with.',
    }),
  ),
  user: optional(User),
};

/** Throws `invalid` ambiguous_version, duplicate_version. */
export function askedVersions({
  version,
  versions,
}: {
  readonly version?: number | null;
  readonly versions?: readonly number[] | null;
}): readonly number[] | null {
  if (version != null && versions != null) {
    throw new DomainError('invalid', 'ambiguous_version', 'Both "version" and "versions" are given.', {
      param: 'versions',
      expected: 'one of them',
      given: 'both',
    });
  }
  if (versions == null) return version == null ? null : [version];
  assertDistinctVersions(versions, 'versions');
  return versions;
}

/** Throws `invalid` duplicate_version. */
export function assertDistinctVersions(versions: readonly number[], param: string): void {
  const twice = versions.find((number, i) => versions.indexOf(number) !== i);
  if (twice === undefined) return;
  throw new DomainError('invalid', 'duplicate_version', `Version ${twice} comes twice.`, {
    param,
    expected: 'distinct versions',
    given: twice,
  });
}

import { DomainError } from '../domain/errors.ts';

export const etagOf = (sha256: string): string => `"${sha256}"`;

/** Entity tags of an `If-Match` or `If-None-Match` header (RFC 9110, 13.1). */
export interface EntityTags {
  /** The header was `*`. */
  readonly any: boolean;
  /** The opaque parts, without quotes. */
  readonly strong: readonly string[];
  readonly weak: readonly string[];
}

const LIST = /^\s*(W\/)?"[^"]*"\s*(,\s*(W\/)?"[^"]*"\s*)*$/;

/** Throws `invalid` for a header that is neither `*` nor a list of quoted tags. */
export function parseEntityTags(header: string, name: 'if-match' | 'if-none-match'): EntityTags {
  if (header.trim() === '*') return { any: true, strong: [], weak: [] };
  if (!LIST.test(header)) {
    throw new DomainError('invalid', 'invalid_etag', `${name} must be * or a list of quoted entity tags.`, {
      param: name,
      expected: '"<sha256>"',
      given: header.slice(0, 200),
    });
  }
  const tags = [...header.matchAll(/(W\/)?"([^"]*)"/g)];
  const opaque = (weak: boolean): string[] =>
    tags.filter(([, prefix]) => (prefix !== undefined) === weak).map(([, , tag = '']) => tag);
  return { any: false, strong: opaque(false), weak: opaque(true) };
}

/** Whether the client already holds this content; `If-None-Match` compares weakly. */
export function isFresh(ifNoneMatch: string | undefined, sha256: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const { any, strong, weak } = parseEntityTags(ifNoneMatch, 'if-none-match');
  return any || strong.includes(sha256) || weak.includes(sha256);
}

import { DomainError } from '../../domain/errors.ts';
import { excerpt } from './excerpt.ts';

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** The keys, or an escape in which they can hide. */
const PROTOTYPE_KEY = /__proto__|constructor|\\u/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Refuses what valid JSON can hold but no request needs: half a character (an escaped surrogate without its
 * partner), which would silently become another text, and the keys `__proto__` and `constructor.prototype`.
 * Throws `invalid` lone_surrogate and prototype_key with the path.
 * @param text the JSON text of `value`: most texts hold nothing that could be meant, and are not walked through
 */
export function assertSafeContent(text: string, value: unknown): void {
  if (!SURROGATE_ESCAPE.test(text) && !PROTOTYPE_KEY.test(text)) return;
  assertSafe(value, []);
}

/** `path` grows and shrinks with the walk; {@link assertModestStructure} bounds its length. */
function assertSafe(value: unknown, path: string[]): void {
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw loneSurrogate(path, 'The text');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    if (LONE_SURROGATE.test(key)) throw loneSurrogate(path, 'A field name');
    const item = (value as Record<string, unknown>)[key];
    path.push(key);
    if (key === '__proto__' || (key === 'constructor' && Object.hasOwn(Object(item), 'prototype')))
      throw prototypeKey(path);
    assertSafe(item, path);
    path.pop();
  }
}

function loneSurrogate(path: readonly string[], subject: string): DomainError {
  const param = excerpt(path.join('.'));
  const place = path.length === 0 ? 'the body' : `"${param}"`;
  const message = `${subject} in ${place} holds half a character: a surrogate without its partner.`;
  return new DomainError('invalid', 'lone_surrogate', message, {
    ...(path.length > 0 && { param }),
    expected: 'well-formed Unicode text',
    given: 'an unpaired surrogate',
  });
}

function prototypeKey(path: readonly string[]): DomainError {
  const param = excerpt(path.join('.'));
  return new DomainError('invalid', 'prototype_key', `The field "${param}" is not taken anywhere.`, {
    param,
    expected: 'no field of this name',
    given: param,
  });
}

import { tokensOf } from '../mutate/json.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A second reading of JSON, by the platform's parser and a count of the tokens. Answers with the value, or throws an
 * Error that says what a strict reader must not take.
 */
export function strictJson(bytes: Buffer): Json {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text) as Json;
  const keys = tokensOf(text).filter((token, i, tokens) => token.startsWith('"') && isKey(tokens, i)).length;
  const distinct = countKeys(value);
  if (keys !== distinct) throw new Error(`a key stands twice: ${keys} members, ${distinct} different`);

  return value;
}

function isKey(tokens: readonly string[], at: number): boolean {
  const next = tokens[at + 1]!;
  return next === ':' || (next?.trim() === '' && tokens[at + 2] === ':');
}

function countKeys(value: Json): number {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('a number beyond a double');
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) throw new Error('half a character');
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, item) => sum + countKeys(item as Json), own);
}

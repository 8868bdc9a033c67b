import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '../domain/principal.ts';
import { type KeyEntry, parseEntries } from './entries.ts';

const SECRET_BYTES = 32;

/** A new secret, and the entry with which a server knows it. Throws as {@link parseEntries} does. */
export function newKey(
  name: string,
  scopes: readonly Scope[],
  tasks: KeyEntry['tasks'],
): { readonly secret: string; readonly entry: string } {
  const secret = `sp-${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const hash = createHash('sha256').update(secret).digest('hex');
  const limit = tasks === null ? '' : `:${tasks.join(',')}`;
  const entry = `${name}:${scopes.join(',')}:${hash}${limit}`;
  parseEntries([{ place: 'The entry', text: entry }], 'NAME');
  return { secret, entry };
}

import { createHash, timingSafeEqual } from 'node:crypto';
import type { KeyRing, Principal } from '../domain/principal.ts';
import type { KeyEntry } from './entries.ts';

/** Finds the principal of a secret. */
export function createKeyRing(entries: readonly KeyEntry[]): KeyRing {
  const keys = entries.map((entry) => ({ hash: entry.hash, principal: principalOf(entry) }));
  return {
    find(secret) {
      const presented = createHash('sha256').update(secret).digest();
      let found: Principal | null = null;
      // Every entry is compared, so the time says nothing about which of them it is.
      for (const { hash, principal } of keys) if (timingSafeEqual(hash, presented)) found = principal;
      return found;
    },
  };
}

function principalOf({ name, scopes, tasks }: KeyEntry): Principal {
  return { name, scopes, isLimited: tasks !== null, allowsTask: grantOf(tasks) };
}

function grantOf(tasks: KeyEntry['tasks']): Principal['allowsTask'] {
  if (tasks === null) return () => true;
  const beginnings = tasks.filter((task) => task.endsWith('*')).map((task) => task.slice(0, -1));
  const names = new Set(tasks.filter((task) => !task.endsWith('*')));
  return (name) => names.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}

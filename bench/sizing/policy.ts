import type { Random } from '../random.ts';
import { HashRing } from './ring.ts';

/** How a proxy spreads requests over replicas. */
export type PolicyName = 'random' | 'hash' | 'bounded';

/**
 * In flight on one replica at most: this times the mean (Mirrokni, Thorup and Zadimoghaddam 2018; HAProxy's
 * `hash-balance-factor 125`).
 */
export const BALANCE_FACTOR = 1.25;

/** Requests in flight, by replica; whoever sends changes it. */
export interface InFlight {
  readonly byReplica: Uint32Array;
  total: number;
}

/** The replica for a task's next request. */
export type Policy = (task: number) => number;

export function createPolicy(name: PolicyName, { replicas, tasks, inFlight, random }: PolicyParts): Policy {
  if (name === 'random') return () => Math.floor(random() * replicas);
  const ring = new HashRing(replicas);
  const places = Uint32Array.from({ length: tasks }, (_, task) => ring.placeOf(task));
  if (name === 'hash') return (task) => ring.ownerAt(places[task]!);
  return (task) => {
    const most = Math.ceil((BALANCE_FACTOR * (inFlight.total + 1)) / replicas);
    return ring.firstAt(places[task]!, (replica) => inFlight.byReplica[replica]! < most);
  };
}

export interface PolicyParts {
  readonly replicas: number;
  readonly tasks: number;
  readonly inFlight: InFlight;
  readonly random: Random;
}

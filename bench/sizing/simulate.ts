import { type KvShape, viewOfPlanes } from '../../src/engine/kv/kv.ts';
import { PrefixCache } from '../../src/engine/kv/prefix-cache.ts';
import type { Random } from '../random.ts';
import { createPolicy, type InFlight, type PolicyName } from './policy.ts';
import type { Popularity } from './zipf.ts';

/** Requests in flight on a replica on average: half of the default batch. */
export const IN_FLIGHT = 8;

export interface Scenario {
  readonly popularity: Popularity;
  readonly replicas: number;
  readonly policy: PolicyName;
  /** Of the model; with `virtualTokens` and `cacheBytes` it says how many prefixes fit. */
  readonly shape: KvShape;
  readonly virtualTokens: number;
  /** `--prefix-cache-bytes` of each replica. */
  readonly cacheBytes: number;
  /** Requests before anything is counted. */
  readonly warm: number;
  readonly measured: number;
}

export interface Figures {
  /** Part of the requests whose prefix was in the cache of their replica. */
  readonly hitRate: number;
  /** Requests of the busiest replica over the mean. */
  readonly busiest: number;
  /** The most requests that were in flight on one replica, over the mean. */
  readonly mostInFlight: number;
}

/**
 * Requests that follow a popularity, one after the other, to replicas with the engine's own prefix cache. Each is in flight
 * (and pins its prefix) until {@link IN_FLIGHT} times the number of replicas came after it; a missing prefix is there at once.
 * @param keys of the tasks' prompts
 */
export function simulate(scenario: Scenario, keys: readonly string[], random: Random): Figures {
  const { popularity, replicas, shape, virtualTokens, cacheBytes, warm, measured } = scenario;
  const caches = Array.from({ length: replicas }, () => new PrefixCache(shape, cacheBytes));
  const view = viewOfPlanes([], 0, 0);
  const inFlight: InFlight = { byReplica: new Uint32Array(replicas), total: 0 };
  const choose = createPolicy(scenario.policy, { replicas, tasks: keys.length, inFlight, random });
  const window = replicas * IN_FLIGHT;
  const [tasks, owners] = [new Uint32Array(window), new Uint32Array(window)];
  const requests = new Uint32Array(replicas);
  let mostInFlight = 0;
  let hitsBefore = 0;
  const hits = () => caches.reduce((sum, cache) => sum + cache.stats().hits, 0);
  for (let i = 0; i < warm + measured; i++) {
    const slot = i % window;
    if (i >= window) {
      caches[owners[slot]!]!.release(keys[tasks[slot]!]!);
      inFlight.byReplica[owners[slot]!]! -= 1;
      inFlight.total -= 1;
    }
    if (i === warm) {
      hitsBefore = hits();
      requests.fill(0);
      mostInFlight = 0;
    }
    const task = popularity.draw(random);
    const key = keys[task]!;
    const replica = choose(task);
    const cache = caches[replica]!;
    if (cache.acquire(key, virtualTokens, () => undefined)) cache.resolve({ key, view, lastRow: null });
    tasks[slot] = task;
    owners[slot] = replica;
    requests[replica]! += 1;
    inFlight.total += 1;
    inFlight.byReplica[replica]! += 1;
    mostInFlight = Math.max(mostInFlight, inFlight.byReplica[replica]!);
  }
  return {
    hitRate: (hits() - hitsBefore) / measured,
    busiest: (Math.max(...requests) * replicas) / measured,
    mostInFlight: mostInFlight / IN_FLIGHT,
  };
}

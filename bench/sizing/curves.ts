import type { KvShape } from '../../src/engine/kv/kv.ts';
import { seededRandom } from '../random.ts';
import { prefixesIn } from './arithmetic.ts';
import { type CheFigures, cheLru, type Items } from './che.ts';
import { passedOn } from './overflow.ts';
import { BALANCE_FACTOR, type PolicyName } from './policy.ts';
import { type Figures, IN_FLIGHT, simulate } from './simulate.ts';
import type { Popularity } from './zipf.ts';

/** Requests are counted when so many times Che's characteristic time has gone by. */
const WARM_TIMES = 4;
const MOST_WARM = 6_000_000;

export interface PointOptions {
  readonly shape: KvShape;
  readonly virtualTokens: number;
  readonly popularity: Popularity;
  readonly keys: readonly string[];
  readonly seed: number;
  /** Requests that are counted, for each replica and in all at least. */
  readonly measured: { readonly each: number; readonly least: number };
}

export interface Point extends Figures {
  readonly policy: PolicyName;
  readonly replicas: number;
  readonly cacheBytes: number;
  /** The hit rate in closed form. */
  readonly expected: number;
}

/** One point of a curve: simulated, and in closed form. */
export function measurePoint(
  policy: PolicyName,
  replicas: number,
  cacheBytes: number,
  { shape, virtualTokens, popularity, keys, seed, measured }: PointOptions,
): Point {
  const each = prefixesIn(shape, virtualTokens, cacheBytes);
  const { characteristicRequests, hitRate } = closedForm(policy, popularity, replicas, each);
  const filled = Number.isFinite(characteristicRequests) ? characteristicRequests : MOST_WARM;
  const warm = Math.min(Math.ceil(WARM_TIMES * filled), MOST_WARM) + replicas * IN_FLIGHT;
  const figures = simulate(
    {
      popularity,
      replicas,
      policy,
      shape,
      virtualTokens,
      cacheBytes,
      warm,
      measured: Math.max(measured.least, measured.each * replicas),
    },
    keys,
    seededRandom(seed),
  );
  return { ...figures, policy, replicas, cacheBytes, expected: hitRate };
}

/**
 * Requests at random: each cache sees the same popularity. By hash: the caches together are one, `replicas` times as large.
 * With a bound as well, but a task has a copy in each of the replicas that take its requests: more than one where it is more
 * than one may take, and the next ones on the ring, to which replicas that happen to be full pass requests on. The
 * characteristic time is in requests to all replicas.
 * @param each prefixes that fit into one cache
 */
export function closedForm(
  policy: PolicyName,
  popularity: Popularity,
  replicas: number,
  each: number,
): CheFigures {
  const items = popularity.groups();
  if (policy === 'random') {
    const { characteristicRequests, hitRate } = cheLru(items, each);
    return { characteristicRequests: characteristicRequests * replicas, hitRate };
  }
  return cheLru(policy === 'hash' ? items : copiesOf(items, replicas), each * replicas);
}

/** Copies that get less than this of their task's requests are left out. */
const LEAST_PART = 1e-3;

function copiesOf(items: readonly Items[], replicas: number): readonly Items[] {
  const most = Math.ceil(BALANCE_FACTOR * IN_FLIGHT);
  const passed = replicas === 1 ? 0 : passedOn(most, IN_FLIGHT);
  const parts: number[] = [];
  for (let rest = 1; rest >= LEAST_PART && parts.length < replicas; rest *= passed)
    parts.push(rest * (1 - passed));
  const whole = parts.reduce((sum, part) => sum + part, 0);
  return items.flatMap(({ share, count }) => {
    const homes = Math.max(1, Math.ceil((share * replicas) / BALANCE_FACTOR));
    return parts.map((part) => ({ share: (share * part) / whole / homes, count: count * homes }));
  });
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import {
  type KvConfig,
  kvShape,
  prefixBytes,
  prefixesIn,
  replicasFor,
} from '../../bench/sizing/arithmetic.ts';
import { cheLru } from '../../bench/sizing/che.ts';
import { closedForm, measurePoint } from '../../bench/sizing/curves.ts';
import {
  copySeconds,
  idleLoad,
  mostUploads,
  replicasWithin,
  spreadSeconds,
} from '../../bench/sizing/database.ts';
import { erlangB, passedOn } from '../../bench/sizing/overflow.ts';
import { drawPlot } from '../../bench/sizing/plot.ts';
import { BALANCE_FACTOR, type PolicyName } from '../../bench/sizing/policy.ts';
import { HashRing } from '../../bench/sizing/ring.ts';
import { IN_FLIGHT, simulate } from '../../bench/sizing/simulate.ts';
import { Popularity } from '../../bench/sizing/zipf.ts';

const TASKS = 2000;
const KEYS = Array.from({ length: TASKS }, (_, task) => `task-${task}`);
/** A prompt takes 1 KiB. */
const SHAPE = kvShape({ numLayers: 1, numKeyValueHeads: 1, headDim: 8 });
const KIB = 1024;

describe('the arithmetic of prefixes', () => {
  it('counts keys and values of the rows that the engine holds', () => {
    const smollm2 = kvShape({ numLayers: 30, numKeyValueHeads: 3, headDim: 64 });
    assert.equal(prefixBytes(smollm2, 16), 16 * 2 * 30 * 3 * 64 * 4);
    assert.equal(prefixBytes(smollm2, 20), 32 * 46_080, 'rounded up to 16 positions');
    assert.equal(prefixesIn(smollm2, 20, 256 * KIB * KIB), 182);
    assert.equal(prefixBytes(SHAPE, 16), KIB);
  });

  it('takes its numbers from the configuration of a bundle', () => {
    const { config } = JSON.parse(readFileSync('models/embedded/bundle/manifest.json', 'utf8')) as {
      readonly config: KvConfig;
    };
    assert.equal(prefixBytes(kvShape(config), 8), 16 * 2 * 4 * 2 * 64 * 4);
  });

  it('counts the replicas of a load, with the prefixes that are missed', () => {
    const tokens = { virtual: 20, input: 40, output: 30 };
    const speed = { prefill: 600, decode: 300 };
    assert.equal(
      replicasFor(10, tokens, speed, { hitRate: 1, utilisation: 1 }),
      2,
      '10 x (40/600 + 30/300) s',
    );
    assert.equal(
      replicasFor(10, tokens, speed, { hitRate: 0, utilisation: 0.5 }),
      4,
      '20 x (60/600 + 30/300) s',
    );
  });
});

describe('the popularity of tasks', () => {
  it('is drawn as often as it says', () => {
    const popularity = new Popularity(100, 1.2);
    const random = seededRandom(1);
    const counts = new Float64Array(100);
    for (let i = 0; i < 100_000; i++) counts[popularity.draw(random)]! += 1e-5;
    assert.ok(Math.abs(popularity.shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
    for (const task of [0, 1, 2, 50, 99])
      assert.ok(Math.abs(counts[task]! - popularity.shares[task]!) < 0.005, `${task}: ${counts[task]}`);
  });
});

describe("Che's approximation", () => {
  it('is exact where all items are alike, and where all fit', () => {
    const alike = [{ share: 1 / TASKS, count: TASKS }];
    assert.ok(Math.abs(cheLru(alike, 500).hitRate - 0.25) < 1e-6);
    assert.equal(cheLru(alike, TASKS).hitRate, 1);
  });

  it("is within a point of the engine's own cache", () => {
    for (const exponent of [0.8, 1.2]) {
      const point = pointOf('hash', 1, 200, exponent);
      assert.ok(Math.abs(point.hitRate - point.expected) < 0.01, `${point.hitRate} and ${point.expected}`);
    }
  });

  it('says what replicas with a cache each come to, at random and by hash', () => {
    const [apart, together] = [pointOf('random', 8, 50), pointOf('hash', 8, 50)];
    assert.ok(Math.abs(apart.hitRate - apart.expected) < 0.02, `${apart.hitRate} and ${apart.expected}`);
    assert.ok(
      Math.abs(together.hitRate - together.expected) < 0.03,
      `${together.hitRate} and ${together.expected}`,
    );
    assert.ok(together.hitRate > apart.hitRate + 0.1);
    const one = closedForm('hash', new Popularity(TASKS, 1), 1, 400).hitRate;
    assert.equal(
      closedForm('hash', new Popularity(TASKS, 1), 8, 50).hitRate,
      one,
      'as one that is 8 times as large',
    );
  });
});

describe("Erlang's formula", () => {
  it('is what tables say, and what is passed on leaves the mean in flight', () => {
    assert.equal(erlangB(1, 1), 0.5);
    assert.ok(Math.abs(erlangB(10, 5) - 0.018385) < 1e-6);
    const passed = passedOn(10, 8);
    const offered = 8 / (1 - passed);
    assert.ok(Math.abs(erlangB(10, offered) - passed) < 1e-9);
  });

  it('says about how much the bound of the load costs in hits', () => {
    const point = pointOf('bounded', 16, 50, 0.8);
    assert.ok(Math.abs(point.hitRate - point.expected) < 0.05, `${point.hitRate} and ${point.expected}`);
  });
});

describe('the ring of replicas', () => {
  const owners = (ring: HashRing) =>
    Array.from({ length: 20_000 }, (_, task) => ring.ownerAt(ring.placeOf(task)));

  it('gives each replica about the same number of tasks', () => {
    const counts = new Uint32Array(10);
    for (const owner of owners(new HashRing(10))) counts[owner]! += 1;
    for (const count of counts) assert.ok(count > 1400 && count < 2600, `${counts}`);
  });

  it('moves about 1/n of the tasks when a replica joins, all of them to it', () => {
    const [before, after] = [owners(new HashRing(10)), owners(new HashRing(11))];
    const moved = after.filter((owner, task) => owner !== before[task]);
    assert.ok(moved.every((owner) => owner === 10));
    assert.ok(Math.abs(moved.length / after.length - 1 / 11) < 0.03, `${moved.length}`);
  });

  it('goes on to the next replica that may take a request', () => {
    const ring = new HashRing(4);
    const place = ring.placeOf(7);
    const first = ring.ownerAt(place);
    assert.equal(
      ring.firstAt(place, () => true),
      first,
    );
    assert.notEqual(
      ring.firstAt(place, (replica) => replica !== first),
      first,
    );
    for (const only of [0, 1, 2, 3])
      assert.equal(
        ring.firstAt(place, (replica) => replica === only),
        only,
      );
  });
});

describe('a bound of the load', () => {
  it('holds for every replica at every moment, where a hash alone piles requests up', () => {
    const [hash, bounded] = [pointOf('hash', 16, 50, 1.2), pointOf('bounded', 16, 50, 1.2)];
    const most = Math.ceil((BALANCE_FACTOR * 16 * IN_FLIGHT) / 16) / IN_FLIGHT;
    assert.ok(bounded.mostInFlight <= most, `${bounded.mostInFlight} of ${most}`);
    assert.ok(bounded.busiest < 1.35, `${bounded.busiest}`);
    assert.ok(hash.busiest > 2, `${hash.busiest}`);
    assert.ok(bounded.hitRate > pointOf('random', 16, 50, 1.2).hitRate);
  });

  it('gives the same figures for the same seed', () => {
    assert.deepEqual(pointOf('bounded', 4, 50), pointOf('bounded', 4, 50));
  });

  it('counts what comes after the warm-up alone', () => {
    const scenario = {
      popularity: new Popularity(TASKS, 1),
      replicas: 1,
      policy: 'hash',
      shape: SHAPE,
      virtualTokens: 16,
      cacheBytes: TASKS * KIB,
      measured: 2000,
    } as const;
    const cold = simulate({ ...scenario, warm: 0 }, KEYS, seededRandom(1));
    const warm = simulate({ ...scenario, warm: 20_000 }, KEYS, seededRandom(1));
    assert.ok(cold.hitRate < 0.8 && warm.hitRate > 0.95, `${cold.hitRate} and ${warm.hitRate}`);
  });
});

describe('the arithmetic of the database', () => {
  const figures = { processors: 2, look: 1e-4, pull: 1e-3, upload: 2e-3, turn: 0.01, copyBytes: 50e6 };

  it('adds what looks, uploads and the replicas that follow them take', () => {
    assert.ok(
      Math.abs(idleLoad(1000, figures) - 0.06) < 1e-12,
      '1000 looks and 200 signs of life of 0.1 ms, on two processors',
    );
    assert.equal(mostUploads(1, figures), 100, 'one after the other');
    assert.ok(Math.abs(mostUploads(1000, figures) - (2 * 0.94) / (0.002 + 0.999)) < 1e-9);
    assert.equal(mostUploads(20_000, figures), 0, 'looks alone are more than it can answer');
    assert.equal(spreadSeconds(500, figures), 0.25);
    assert.equal(copySeconds(46e9, figures), 920);
    assert.equal(replicasWithin(100), 24);
  });
});

describe('the plots', () => {
  it('place points by their axes and escape what they say', () => {
    const svg = drawPlot({
      title: 'a & b',
      x: { name: 'n', ticks: [1, 10, 100], log: true },
      y: { name: 'share', ticks: [0, 1], log: false },
      lines: [
        {
          name: 'seen',
          colour: 0,
          points: [
            [1, 0],
            [10, 0.5],
            [100, 1],
          ],
        },
      ],
    });
    assert.match(
      svg,
      /points="64\.0,364\.0 292\.0,204\.0 520\.0,44\.0"/,
      'the middle of a logarithmic axis is 10',
    );
    assert.match(svg, />a &amp; b<\/text>/);
  });
});

function pointOf(policy: PolicyName, replicas: number, each: number, exponent = 1) {
  return measurePoint(policy, replicas, each * KIB, {
    shape: SHAPE,
    virtualTokens: 16,
    popularity: new Popularity(TASKS, exponent),
    keys: KEYS,
    seed: 1,
    measured: { each: 0, least: 40_000 },
  });
}

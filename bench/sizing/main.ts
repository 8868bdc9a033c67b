/**
 * `npm run sizing`: hit rates of the prefix cache and the load of the busiest replica, up to a million tasks and a thousand
 * replicas, simulated with the engine's own cache and beside their closed form. Writes the plots to docs/images and the
 * tables to docs/sizing.md. It takes one or two minutes of one processor; every figure follows from --seed.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../../reliability/support/options.ts';
import { progress } from '../../reliability/support/proof.ts';
import { writeResults } from '../report/results-file.ts';
import { markdownTable, percent } from '../report/table.ts';
import { kvShape, prefixesIn } from './arithmetic.ts';
import { measurePoint, type Point } from './curves.ts';
import { MEASURED } from './measured.ts';
import { cachePlot, databasePlot, hitRatePlot, loadPlot } from './plots.ts';
import type { PolicyName } from './policy.ts';
import { Popularity } from './zipf.ts';

const MIB = 2 ** 20;
const EXPONENTS = [0.8, 1, 1.2];
const REPLICAS = [1, 4, 16, 64, 256, 1000];
const POLICIES: readonly PolicyName[] = ['random', 'hash', 'bounded'];
const CACHES = [16, 32, 64, 128, 256, 512, 1024];
/** Of the curve over the size of the cache. */
const REPLICAS_OF_CACHES = 16;
/** `--prefix-cache-bytes` unless it is set. */
const CACHE_BYTES = 256 * MIB;
/** SmolLM2-135M. */
const SHAPE = kvShape({ numLayers: 30, numKeyValueHeads: 3, headDim: 64 });
const MEASURED_REQUESTS = { each: 1000, least: 400_000 };

const {
  tasks,
  seed,
  'virtual-tokens': virtualTokens,
} = readOptions({ tasks: 1_000_000, seed: 1, 'virtual-tokens': 20 });
const keys = Array.from({ length: tasks }, (_, task) => `task-${task}`);
const runs = EXPONENTS.length * (REPLICAS.length * POLICIES.length + CACHES.length);
const tell = progress('points', runs);
let done = 0;
tell(0);

const byReplicas = new Map<number, readonly Point[]>();
const byCache = new Map<number, readonly Point[]>();
for (const exponent of EXPONENTS) {
  const popularity = new Popularity(tasks, exponent);
  const options = { shape: SHAPE, virtualTokens, popularity, keys, seed, measured: MEASURED_REQUESTS };
  const measure = (policy: PolicyName, replicas: number, cacheBytes: number): Point => {
    const point = measurePoint(policy, replicas, cacheBytes, options);
    tell(++done);
    return point;
  };
  byReplicas.set(
    exponent,
    POLICIES.flatMap((policy) => REPLICAS.map((replicas) => measure(policy, replicas, CACHE_BYTES))),
  );
  byCache.set(
    exponent,
    CACHES.map((size) => measure('hash', REPLICAS_OF_CACHES, size * MIB)),
  );
}

const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const middle = byReplicas.get(1)!;
await writeFile(docs('images/sizing-hit-rate.svg'), hitRatePlot(middle, tasks));
await writeFile(docs('images/sizing-load.svg'), loadPlot(middle, tasks));
await writeFile(docs('images/sizing-cache.svg'), cachePlot(byCache, tasks, REPLICAS_OF_CACHES));
await writeFile(docs('images/sizing-database.svg'), databasePlot(MEASURED.database));

const points = [...byReplicas.entries()].flatMap(([exponent, all]) =>
  all.map((point) => ({ exponent, ...point })),
);
const all = [...points, ...[...byCache.values()].flat()];
const worst = (policy: PolicyName) =>
  Math.max(
    ...all
      .filter((point) => point.policy === policy)
      .map(({ hitRate, expected }) => Math.abs(hitRate - expected)),
  );
const fits = prefixesIn(SHAPE, virtualTokens, CACHE_BYTES);
const table = markdownTable({
  title: `Hit rate of the prefix cache: ${tasks.toLocaleString('en')} tasks, ${fits} prefixes a replica`,
  columns: [
    'exponent',
    'replicas',
    ...POLICIES.flatMap((policy) => [policy, 'closed form']),
    'busiest: hash',
    'bounded',
  ],
  rows: EXPONENTS.flatMap((exponent) =>
    REPLICAS.map((replicas) => {
      const of = (policy: PolicyName) =>
        points.find((it) => it.exponent === exponent && it.replicas === replicas && it.policy === policy)!;
      return [
        `${exponent}`,
        `${replicas}`,
        ...POLICIES.flatMap((policy) => [percent(of(policy).hitRate), percent(of(policy).expected)]),
        of('hash').busiest.toFixed(2),
        of('bounded').busiest.toFixed(2),
      ];
    }),
  ),
  note: [
    `\`npm run sizing -- --tasks ${tasks} --virtual-tokens ${virtualTokens} --seed ${seed}\`. Busiest: requests of the busiest`,
    'replica over the mean. The closed form is off by at most',
    POLICIES.map((policy) => `${(100 * worst(policy)).toFixed(1)} points (${policy})`).join(', '),
    'over these points and those of the third plot.',
  ].join(' '),
});
await writeResults(docs('sizing.md'), 'sizing', table);
const { user, system } = process.cpuUsage();
process.stdout.write(`${table}\n\n${((user + system) / 1e6).toFixed(0)} s of a processor\n`);

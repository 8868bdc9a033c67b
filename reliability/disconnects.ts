/**
 * `npm run disconnects -- [--count 5000] [--seed N]`: clients leave inference requests of every kind at random points.
 * Their rows are free within one step, and nothing is left of them.
 */
import { parseArgs } from 'node:util';
import { proveDisconnects } from './lifecycle/disconnects.ts';
import { progress, report } from './support/proof.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '5000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(values.count);
const seed = Number(values.seed);

const result = await proveDisconnects({ count, seed, onGroup: progress('disconnects', count) });
const { leaks, stepsAfter, slowestMs, busiest, descriptors, same } = result;
const median = stepsAfter[Math.floor(stepsAfter.length / 2)]!;
for (const leak of leaks) process.stderr.write(`${leak}\n`);
report(`npm run disconnects -- --count ${count} --seed ${seed}`, [
  {
    what: `sequences, cache bytes or requests left behind by ${count} disconnects (up to ${busiest} sequences at a time; the engine was empty after at most ${Math.round(slowestMs)} ms)`,
    target: 'none',
    measured: leaks.length === 0 ? 'none' : `after ${leaks.length} groups`,
    met: leaks.length === 0,
  },
  {
    what: `steps that are still made for a client that left`,
    target: 'median <= 1',
    measured: `${median} (at most ${stepsAfter.at(-1)}, of ${stepsAfter.length})`,
    met: median <= 1,
  },
  {
    what: 'open descriptors before and after',
    target: 'equal within 2',
    measured: `${descriptors.before}, ${descriptors.after}`,
    met: Math.abs(descriptors.after - descriptors.before) <= 2,
  },
  {
    what: 'the same request is answered as before',
    target: 'yes',
    measured: same ? 'yes' : 'no',
    met: same,
  },
]);

/**
 * `npm run sigterm -- [--rounds 50] [--streams 50] [--seed N]`: SIGTERM while streams are open. None is cut, and the
 * process ends in time. Half of the rounds leave time to finish; in the others the deadline of the drain comes first.
 */
import { parseArgs } from 'node:util';
import { DRAINS_MS, EXIT_MS, proveSigterm } from './lifecycle/sigterm.ts';
import { progress, report } from './support/proof.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    streams: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
  },
});
const rounds = Number(values.rounds);
const streams = Number(values.streams);
const seed = Number(values.seed);

const { ends, otherCodes, badExits, slowestMs, late } = await proveSigterm({
  rounds,
  streams,
  seed,
  onRound: progress('SIGTERM', rounds),
});
for (const line of [...badExits, ...new Set(otherCodes)]) process.stderr.write(`${line}\n`);
report(`npm run sigterm -- --rounds ${rounds} --streams ${streams} --seed ${seed}`, [
  {
    what: `streams cut, of ${rounds * streams}`,
    target: '0',
    measured: `${ends.cut} (${ends.finished} finished, ${ends.told} got an error event and [DONE], ${ends.refused} a problem)`,
    met: ends.cut === 0,
  },
  {
    what: 'errors with another code than `draining`',
    target: '0',
    measured: `${otherCodes.length}`,
    met: otherCodes.length === 0,
  },
  {
    what: `exits later than the deadline (${DRAINS_MS.join(' or ')} ms) and ${EXIT_MS} ms, of ${rounds}`,
    target: '0',
    measured: `${late} (slowest ${Math.round(slowestMs)} ms)`,
    met: late === 0,
  },
  {
    what: `exits with another code than 0, of ${rounds}`,
    target: '0',
    measured: `${badExits.length}`,
    met: badExits.length === 0,
  },
]);

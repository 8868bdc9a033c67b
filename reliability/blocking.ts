/**
 * `npm run blocking -- [--tokens 200] [--at-once 4]`: the requests that are most work, one kind after the other, and the
 * longest turn of the service's event loop meanwhile.
 */
import { proveBlocking } from './blocking/prove.ts';
import { readOptions } from './support/options.ts';
import { progress, report } from './support/proof.ts';

const LIMIT_MS = 100;

const { tokens, 'at-once': atOnce } = readOptions({ tokens: 200, 'at-once': 4 });
let show: ((done: number) => void) | null = null;
const results = await proveBlocking({
  tokens,
  atOnce,
  onAttack: (done, all) => {
    show ??= progress('attacks', all);
    show(done);
  },
});
report(
  `npm run blocking -- --tokens ${tokens} --at-once ${atOnce}`,
  results.map(({ name, longestMs, wrong }) => ({
    what: name,
    target: `<= ${LIMIT_MS} ms a turn`,
    measured: `${longestMs.toFixed(0)} ms${wrong.length > 0 ? `; answered with ${wrong.join(', ')}` : ''}`,
    met: longestMs <= LIMIT_MS && wrong.length === 0,
  })),
);

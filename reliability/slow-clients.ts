/**
 * `npm run slow-clients -- [--clients 500] [--seconds 20]`: a quarter each sends its headers byte by byte, sends
 * nothing, sends its body byte by byte, and does not read its answers. The others are answered as before.
 */
import { parseArgs } from 'node:util';
import { proveSlowClients } from './lifecycle/slow-clients.ts';
import { report } from './support/proof.ts';

const { values } = parseArgs({
  options: { clients: { type: 'string', default: '500' }, seconds: { type: 'string', default: '20' } },
});
const clients = Number(values.clients);
const seconds = Number(values.seconds);

const result = await proveSlowClients({ clients, measureMs: seconds * 1000, limitMs: 3000 });
const p99 = (latencies: readonly number[]): number => latencies[Math.floor(latencies.length * 0.99)]!;
const [before, during] = [p99(result.before), p99(result.during)];
report(`npm run slow-clients -- --clients ${clients} --seconds ${seconds}`, [
  {
    what: `p99 of the others with ${clients} slow clients against without (${result.during.length} and ${result.before.length} requests)`,
    target: '<= 1.2x',
    measured: `${(during / before).toFixed(2)}x (${during.toFixed(1)} ms, ${before.toFixed(1)} ms)`,
    met: during <= 1.2 * before,
  },
  { what: 'refusals to the others', target: '0', measured: `${result.refused}`, met: result.refused === 0 },
  {
    what: 'connections of slow clients left after their time limits',
    target: '0, within 2',
    measured: `${result.left}`,
    met: result.left <= 2,
  },
  { what: 'connections cut because nothing was read', target: '', measured: `${result.stalled}`, met: null },
]);

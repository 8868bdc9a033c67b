/**
 * `npm run generated-requests -- --count 200000 --seed 1`: generated requests to every operation of the running
 * service. Every answer must be one that the OpenAPI document describes, and none a fault of the server.
 */
import { parseArgs } from 'node:util';
import { OPERATIONS } from '../test/support/contract/operations.ts';
import { sendGeneratedRequests } from './support/generated-requests.ts';
import { progress, report } from './support/proof.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const started = performance.now();
const { answers, faults, exit } = await sendGeneratedRequests({
  count,
  seed,
  onProgress: progress('requests', count),
});

const rows = [...answers]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([operation, statuses]) => {
    const all = [...statuses].sort(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`);
    return `| ${operation} | ${all.join(', ')} |`;
  });
process.stdout.write(`\n| operation | answers |\n| --- | --- |\n${rows.join('\n')}\n`);
for (const [fault, times] of [...faults].slice(0, 50)) process.stdout.write(`\n${times} times: ${fault}\n`);

const never = OPERATIONS.map(({ operationId }) => operationId).filter(
  (id) => ![...(answers.get(id)?.keys() ?? [])].some((status) => status < 300),
);
const broken = [...faults.values()].reduce((sum, times) => sum + times, 0);
const seconds = (performance.now() - started) / 1000;
report(`npm run generated-requests -- --count ${count} --seed ${seed}`, [
  { what: 'requests', target: String(count), measured: `${count} in ${seconds.toFixed(0)} s`, met: true },
  {
    what: 'operations that never succeeded',
    target: '0',
    measured: never.join(', ') || '0',
    met: never.length === 0,
  },
  {
    what: '5xx, undocumented statuses, invalid responses, invalid bodies accepted',
    target: '0',
    measured: String(broken),
    met: broken === 0,
  },
  {
    what: 'the service ends in order after',
    target: 'exit code 0',
    measured: `exit code ${exit.code}`,
    met: exit.code === 0,
  },
]);

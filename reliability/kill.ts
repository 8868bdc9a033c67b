/**
 * `npm run chaos -- [--kills 300] [--seed N]`: kill -9 while prompts are uploaded, activated and deleted, files uploaded,
 * jobs created and trained. No acknowledged write may be lost, nothing half may be seen, no job may fail.
 */
import { parseArgs } from 'node:util';
import { killRepeatedly } from './kill/cycle.ts';
import { progress, report } from './support/proof.ts';
import { createWorkplace } from './support/service-process.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '300' }, seed: { type: 'string', default: '1' } },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
const READY_MS = 3000;

const workplace = await createWorkplace();
try {
  const { problems, acknowledged, jobs, unfinishedJobs, startMs } = await killRepeatedly(workplace, {
    kills,
    seed,
    writers: 4,
    life: [50, 1500],
    onKill: progress('kills', kills),
  });
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  const sorted = [...startMs].sort((a, b) => a - b);
  const slowest = Math.round(sorted.at(-1)!);
  const median = Math.round(sorted[Math.floor(sorted.length / 2)]!);
  report(`npm run chaos -- --kills ${kills} --seed ${seed}`, [
    {
      what: `acknowledged writes lost, half visible or damaged, of ${acknowledged}`,
      target: '0',
      measured: `${problems.length}`,
      met: problems.length === 0,
    },
    {
      what: `jobs that did not end well, of ${jobs}`,
      target: '0',
      measured: `${unfinishedJobs}`,
      met: unfinishedJobs === 0,
    },
    {
      what: `slowest start until ready, of ${startMs.length} (median ${median} ms)`,
      target: `<= ${READY_MS} ms`,
      measured: `${slowest} ms`,
      met: slowest <= READY_MS,
    },
  ]);
} finally {
  await workplace.remove();
}

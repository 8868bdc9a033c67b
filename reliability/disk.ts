/**
 * `npm run disk-faults -- [--rounds 20]`: a full, failing or read-only disk under a service that writes and infers.
 */
import { parseArgs } from 'node:util';
import { type Disk, type Fault, preloadedFault, smallFileSystem } from './disk/faults.ts';
import { meetFault } from './disk/scenario.ts';
import { type Finding, progress, report } from './support/proof.ts';
import { createWorkplace } from './support/service-process.ts';

const SMALL_MIB = 2;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    faults: { type: 'string', default: 'ENOSPC,EIO,EROFS' },
  },
});
const rounds = Number(values.rounds);
const faults = values.faults.split(',') as Fault[];

const workplace = await createWorkplace();
const { directory, model } = workplace;
const disks: (Disk | null)[] = [];
try {
  for (const fault of faults) disks.push(await preloadedFault(directory, fault));
  disks.push(await smallFileSystem(directory, SMALL_MIB));
  if (disks.includes(null)) process.stderr.write('Some disks need a C compiler or root; left out.\n');
  const findings: Finding[] = [];
  const step = progress('disks', disks.length);
  for (const [index, disk] of disks.entries()) {
    if (disk !== null) findings.push(...(await prove(disk)));
    step(index + 1);
  }
  report(`npm run disk-faults -- --rounds ${rounds}`, findings);
} finally {
  for (const disk of disks) await disk?.remove();
  await workplace.remove();
}

async function prove(disk: Disk): Promise<readonly Finding[]> {
  const { refused, wrong, inferred, differing, recoveryMs, problems } = await meetFault(model, disk, rounds);
  for (const problem of [...wrong, ...problems]) process.stderr.write(`${disk.name}: ${problem}\n`);
  const zero = (what: string, count: number): Finding => ({
    what: `${disk.name}: ${what}`,
    target: '0',
    measured: `${count}`,
    met: count === 0,
  });
  return [
    zero(`writes not refused with ${disk.statuses}, of ${refused + wrong.length}`, wrong.length),
    zero(`answers of the model that failed or differed, of ${inferred}`, differing),
    zero('lost, half visible or damaged afterwards', problems.length),
    {
      what: `${disk.name}: first write after the fault, without a restart`,
      target: 'succeeds',
      measured: recoveryMs === null ? 'never' : `${Math.round(recoveryMs)} ms`,
      met: recoveryMs !== null,
    },
  ];
}

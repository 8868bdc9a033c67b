/**
 * `npm run soak -- --minutes 60`: mixed load with hot swaps on the small model of the tests. What the service holds is
 * written to reliability/results/soak.csv and soak.svg every ten seconds and at the end.
 */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../bench/random.ts';
import { soakFindings } from './soak/findings.ts';
import { plotMemory } from './soak/plot.ts';
import { soak } from './soak/run.ts';
import { CSV_HEADER, csvLine } from './soak/samples.ts';
import { readOptions } from './support/options.ts';
import { progress, report } from './support/proof.ts';
import { createWorkplace, ServiceProcess } from './support/service-process.ts';
import { figuresEnvironment } from './support/threads.ts';

const RESULTS = fileURLToPath(new URL('results', import.meta.url));
/** Memory may grow in this part of the time: caches fill, code is compiled. */
const WARM_SHARE = 0.25;
/** A part of the hour would do; the longest runs need no more. */
const MOST_WARM_SECONDS = 900;

/** So small that they are full within a minute: what still grows then is no cache. */
const CACHES = { 'prefix-cache-bytes': `${2 ** 19}`, 'input-cache-bytes': `${2 ** 19}` };

const options = readOptions({ minutes: 60, rate: 12, 'train-seconds': 120, 'sample-seconds': 10, seed: 1 });
const seconds = options.minutes * 60;
const warmBy = Math.min(WARM_SHARE * seconds, MOST_WARM_SECONDS);
await mkdir(RESULTS, { recursive: true });
const csv = join(RESULTS, 'soak.csv');
await writeFile(csv, `${CSV_HEADER}\n`);

const workplace = await createWorkplace();
try {
  const { model, db, directory } = workplace;
  const figures = join(directory, 'figures');
  await mkdir(figures);
  const flags = { home: directory, ...CACHES };
  const service = await ServiceProcess.start({ model, db, flags, env: figuresEnvironment(figures) });
  const tell = progress('seconds', Math.floor(seconds));
  const result = await soak({ pid: service.pid, url: service.url, figures }, seededRandom(options.seed), {
    seconds,
    rate: options.rate,
    sampleSeconds: options['sample-seconds'],
    trainSeconds: options['train-seconds'],
    onSample: (sample) => {
      tell(Math.floor(sample.at));
      void appendFile(csv, `${csvLine(sample)}\n`);
    },
  });
  await service.stop();
  await writeFile(join(RESULTS, 'soak.svg'), plotMemory(result.samples, warmBy));
  report(`npm run soak -- --minutes ${options.minutes}`, soakFindings(result, warmBy));
} finally {
  await workplace.remove();
}

/**
 * `npm run overload -- --seconds 300`: the peak of a full batch, then ten times as many requests, whatever becomes of
 * them (Poisson arrivals). `--model DIR` takes the bundle of a real model; else the small model of the tests with its
 * layers repeated is served. Settings that are not flags here are environment variables of the service.
 */
import { join } from 'node:path';
import { seededRandom } from '../bench/random.ts';
import { openBundle } from '../src/model/bundle.ts';
import { overloadFindings } from './overload/findings.ts';
import { measureOverload } from './overload/measure.ts';
import { prepareTraffic } from './overload/traffic.ts';
import { createDeepModel } from './support/deep-model.ts';
import { readOptions } from './support/options.ts';
import { report } from './support/proof.ts';
import { createWorkplace, ServiceProcess } from './support/service-process.ts';

/** Full before the overload begins: what grows then is no cache. All inputs are different ones. */
const CACHES = { 'input-cache-bytes': `${2 ** 24}` };

const options = readOptions({
  seconds: 300,
  'peak-seconds': 30,
  times: 10,
  rows: 16,
  tasks: 16,
  'virtual-tokens': 20,
  'input-tokens': 32,
  'output-tokens': 32,
  layers: 64,
  threads: 1,
  seed: 1,
  model: '',
});

const workplace = await createWorkplace();
try {
  const model = options.model || join(workplace.directory, 'deep');
  if (options.model === '') await createDeepModel(options.layers, model);
  const flags = { 'max-batch-size': `${options.rows}`, threads: `${options.threads}`, ...CACHES };
  const service = await ServiceProcess.start({ model, db: workplace.db, flags });
  const random = seededRandom(options.seed);
  const outputTokens = options['output-tokens'];
  const send = await prepareTraffic(service.url, await openBundle(model), random, {
    tasks: options.tasks,
    virtualTokens: options['virtual-tokens'],
    inputTokens: options['input-tokens'],
    outputTokens,
  });
  const plan = {
    pid: service.pid,
    clients: options.rows,
    peakSeconds: options['peak-seconds'],
    seconds: options.seconds,
    times: options.times,
    outputTokens,
  };
  const result = await measureOverload(plan, random, send);
  await service.stop();
  report(`npm run overload -- ${process.argv.slice(2).join(' ')}`.trimEnd(), overloadFindings(result));
} finally {
  await workplace.remove();
}

/**
 * `npm run replicas`: three replicas over one PostgreSQL server that this starts (Debian: `apt-get install postgresql`). How
 * soon what one of them stored is served by another, hot swaps under load, and PostgreSQL away for a while. A zero leaves
 * that part out.
 */
import { join } from 'node:path';
import { Client, succeeded } from '../test/support/client.ts';
import { randomPrompt } from '../test/support/prompts.ts';
import { TASK } from './replicas/asking.ts';
import { measureOutage } from './replicas/outage.ts';
import { measurePropagation } from './replicas/propagation.ts';
import { measureSwaps } from './replicas/swaps.ts';
import { readOptions } from './support/options.ts';
import { PostgresServer } from './support/postgres-server.ts';
import { progress, report } from './support/proof.ts';
import { createWorkplace, ServiceProcess } from './support/service-process.ts';

const { replicas, uploads, swaps, outage } = readOptions({
  replicas: 3,
  uploads: 200,
  swaps: 10_000,
  outage: 30,
});

const workplace = await createWorkplace();
const server = await PostgresServer.start();
const services: ServiceProcess[] = [];
try {
  for (let i = 0; i < replicas; i++) {
    const flags = { mirror: join(workplace.directory, `mirror-${i}.db`) };
    services.push(
      await ServiceProcess.start({ model: workplace.model, db: `${server.url}/postgres`, flags }),
    );
  }
  const urls = services.map(({ url }) => url);
  succeeded(await new Client(urls[0]!).uploadTensor(TASK, randomPrompt(1, 4, 64)), 'upload');
  const findings = [
    ...(uploads > 0 ? await measurePropagation(urls, uploads, progress('uploads', uploads)) : []),
    ...(swaps > 0 ? await measureSwaps(urls, swaps, progress('hot swaps', swaps)) : []),
    ...(outage > 0 ? await measureOutage(urls, server, outage) : []),
  ];
  report(`npm run replicas ${process.argv.slice(2).join(' ')}`.trimEnd(), findings);
} finally {
  await Promise.all(services.map((service) => service.stop()));
  await server.remove();
  await workplace.remove();
}

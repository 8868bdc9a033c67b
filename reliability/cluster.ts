/**
 * `npm run cluster -- [--kills 100] [--seed N] [--seconds 30] [--apart 20] [--replicas 3]`: PostgreSQL, replicas and HAProxy
 * with `deploy/haproxy/haproxy.cfg`, each in a network namespace of its own (Linux, root; Debian: `apt-get install haproxy
 * iproute2 postgresql`), else on loopback. Kills of replicas, throughput, clients that leave, what a task gets elsewhere than
 * at home, and a replica that is cut off the database. A zero leaves that part out.
 */
import { Cluster, type ClusterOptions } from './replicas/cluster.ts';
import { measureKills } from './replicas/kills.ts';
import { measureLeaving } from './replicas/leaving.ts';
import { measurePartition } from './replicas/partition.ts';
import { measurePlacement } from './replicas/placement.ts';
import { measureThroughput, SLOW_ENGINE } from './replicas/throughput.ts';
import { readOptions } from './support/options.ts';
import { type Finding, progress, report } from './support/proof.ts';

const { replicas, kills, seed, seconds, apart } = readOptions({
  replicas: 3,
  kills: 100,
  seed: 1,
  seconds: 30,
  apart: 20,
});

// What was started goes with the process, also when it is interrupted.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

async function on(
  options: Omit<ClusterOptions, 'replicas'>,
  work: (cluster: Cluster) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const cluster = await Cluster.start({ replicas, ...options });
  try {
    return await work(cluster);
  } finally {
    await cluster.stop();
  }
}

const findings: Finding[] = [];
if (seconds > 0) {
  findings.push(
    ...(await on(SLOW_ENGINE, async (cluster) => [
      ...(await measurePlacement(cluster)),
      ...(await measureLeaving(cluster, 6)),
      ...(await measureThroughput(cluster, seconds)),
    ])),
  );
}
if (apart > 0) {
  const measured = await on({}, async (cluster) => (await measurePartition(cluster, apart)) ?? []);
  if (measured.length === 0) process.stderr.write('no replica was cut off: that needs network namespaces\n');
  findings.push(...measured);
}
if (kills > 0) {
  findings.push(...(await on({}, (cluster) => measureKills(cluster, kills, seed, progress('kills', kills)))));
}
report(`npm run cluster -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, ''), findings);

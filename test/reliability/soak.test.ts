import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import { ActiveVersions } from '../../reliability/soak/active-versions.ts';
import { plotMemory } from '../../reliability/soak/plot.ts';
import { soak } from '../../reliability/soak/run.ts';
import { type Sample, slopePerHour } from '../../reliability/soak/samples.ts';
import { createWorkplace, ServiceProcess } from '../../reliability/support/service-process.ts';
import { figuresEnvironment } from '../../reliability/support/threads.ts';

test('under mixed load with hot swaps every answer is that of an active version', async (t) => {
  const workplace = await createWorkplace();
  const { model, db, directory } = workplace;
  const figures = join(directory, 'figures');
  await mkdir(figures);
  const env = figuresEnvironment(figures);
  const service = await ServiceProcess.start({ model, db, flags: { home: directory }, env });
  t.after(async () => {
    // Its threads write into the folder as long as they run.
    await service.stop();
    await workplace.remove();
  });
  const plan = { seconds: 3, rate: 20, sampleSeconds: 1, trainSeconds: 1000, onSample: () => {} };
  const { tally, samples, serverErrors } = await soak(
    { pid: service.pid, url: service.url, figures },
    seededRandom(1),
    plan,
  );
  assert.deepEqual([tally.wrong, tally.failed, serverErrors], [[], [], 0]);
  for (const kind of ['question', 'activation', 'aborted stream', 'upload and deletion']) {
    assert.notEqual(tally.done.get(kind) ?? 0, 0, kind);
  }
  assert.ok(samples.length >= 3, `${samples.length} samples`);
  assert.ok(samples.every(isSound), JSON.stringify(samples));
});

/** The parts are there, and no more than the whole. */
const isSound = ({
  rssBytes,
  heaps,
  mallocBytes,
  externalBytes,
  databaseBytes,
  descriptors,
  threads,
}: Sample) =>
  [heaps.http, heaps.engine, heaps.store, mallocBytes].every((bytes) => bytes > 2 ** 21) &&
  heaps.http + heaps.engine + heaps.store + mallocBytes < rssBytes &&
  [externalBytes, databaseBytes].every((bytes) => bytes > 2 ** 14) &&
  descriptors > 3 &&
  threads > 3;

const sample = (at: number, megabytes: number): Sample => ({
  at,
  rssBytes: megabytes * 2 ** 20,
  heaps: { http: 2 ** 25, engine: 2 ** 23, store: 2 ** 22 },
  mallocBytes: 2 ** 25,
  externalBytes: 2 ** 20,
  databaseBytes: 2 ** 20,
  descriptors: 10,
  threads: 10,
  eventLoopLagMs: 1,
});

test('the slope of a line is the line', () => {
  const growing = [0, 10, 20, 40].map((at) => sample(at, 100 + at / 100));
  const slope = slopePerHour(growing, ({ rssBytes }) => rssBytes / 2 ** 20);
  assert.ok(Math.abs(slope - 36) < 1e-6, `${slope} MB/h`);
  assert.match(plotMemory(growing, 10), /<polyline[^>]*points="60\.0,/);
});

test('while a version is being activated, it and the one before are right', async () => {
  const active = new ActiveVersions(1);
  const before = performance.now();
  let during = before;
  await active.swap(2, async () => {
    during = performance.now();
    assert.deepEqual(active.during(during, during), new Set([1, 2]));
  });
  const after = performance.now() + 1;
  assert.deepEqual(active.during(before - 1, before - 1), new Set([1]));
  assert.deepEqual(active.during(after, after), new Set([2]));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CPU } from '../../../src/engine/devices/device.ts';
import { temporaryJobs } from '../jobs-harness.ts';

test('a job that another server took over while the device was tried out is left to that one', async (t) => {
  let hasDevice: (() => void) | null = null;
  const released: string[] = [];
  const jobs = await temporaryJobs(t, {
    async device() {
      await new Promise<void>((resolve) => {
        hasDevice = resolve;
      });
      return CPU;
    },
    store: (store) => ({
      ...store,
      sharing: {
        kind: 'claims',
        claims: {
          claim: async (_, statuses) =>
            statuses.map((status) => store.nextJob(status)?.id).find((job) => job !== undefined) ?? null,
          release: async (lane, job) => void released.push(`${lane} ${job}`),
          async renew() {
            if (hasDevice === null) return store.listJobs({ limit: 1 }).items.map(({ id }) => id);
            // The device is found when the service knows that the job is no longer its own.
            setImmediate(hasDevice);
            return [];
          },
        },
      },
    }),
  });
  const { id } = await jobs.create(await jobs.upload(), { max_steps: 2000 });
  await jobs.until(id, () => released.includes(`train ${id}`));
  assert.deepEqual(
    jobs.messages(id).filter((text) => text.startsWith('Learning')),
    [],
  );
});

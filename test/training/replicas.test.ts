import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describeModel, openBundle } from '../../src/model/bundle.ts';
import { IS_SHARED, temporaryDatabase } from '../store/temporary.ts';
import { startJobs, temporaryHome } from './jobs-harness.ts';

const skip = IS_SHARED ? false : 'needs PostgreSQL: npm run test:postgres';

test('a job is worked on by one replica, and goes on in another when that one ends', { skip }, async (t) => {
  const url = await temporaryDatabase(t);
  const homes = [await temporaryHome(t), await temporaryHome(t)] as const;
  const { id, hash } = describeModel(await openBundle(`${homes[0]}/bundle`));
  const shared = { url, model: { id, hash } };
  const one = await startJobs(homes[0], { shared });
  const file = await one.upload();
  const job = await one.create(file, { max_steps: 20_000, save_steps: 2, activate: 'never' });
  await one.until(job.id, (_, step) => step >= 4);
  const other = await startJobs(homes[1], { shared });
  t.after(() => other.close());
  await sleep(1500);
  assert.equal(other.training.pid(job.id), undefined, 'the second one leaves the job to the first');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const holder = async (): Promise<unknown> => {
    const { rows } = await client.query('SELECT replica FROM softprompt.job_leases WHERE job = $1', [job.id]);
    return rows[0]?.replica;
  };
  const before = await holder();
  await one.close();
  while (other.training.pid(job.id) === undefined) await sleep(10);
  assert.equal(typeof before, 'string');
  assert.notEqual(await holder(), before);
  const goesOn = () => other.messages(job.id).some((text) => /goes on/.test(text));
  await other.until(job.id, goesOn);
  await other.training.cancel(job.id, { key: null, requestId: null });
  await client.end();
});

test('a claim that was not renewed is of another server then, and what was worked on here stops', {
  skip,
}, async (t) => {
  const url = await temporaryDatabase(t);
  const homes = [await temporaryHome(t), await temporaryHome(t)] as const;
  const { id, hash } = describeModel(await openBundle(`${homes[0]}/bundle`));
  const shared = { url, model: { id, hash } };
  const one = await startJobs(homes[0], { shared });
  t.after(() => one.close());
  const job = await one.create(await one.upload(), { max_steps: 20_000, save_steps: 2, activate: 'never' });
  await one.until(job.id, (_, step) => step >= 4);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('SELECT replica FROM softprompt.job_leases WHERE job = $1', [job.id]);
  const other = await startJobs(homes[1], { shared });
  t.after(() => other.close());
  // As if the first had not reached the database for long; its own next renewal may come first.
  const expire =
    "UPDATE softprompt.job_leases SET expires_at = now() - interval '1 second' WHERE replica = $1";
  while (other.training.pid(job.id) === undefined) {
    await client.query(expire, [rows[0].replica]);
    await sleep(50);
  }
  while (one.training.pid(job.id) !== undefined) await sleep(50);
  await other.until(job.id, (_, step) => step >= 8);
  await other.training.cancel(job.id, { key: null, requestId: null });
  await client.end();
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKeys } from '../../src/access/open-keys.ts';
import { newKey } from '../../src/access/secrets.ts';

const LOOK_MS = 10;

async function keysOf(t: TestContext, content: string) {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-keys-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'keys');
  await writeFile(file, content);
  const errors: object[] = [];
  const log = { info: () => undefined, error: (fields: object) => void errors.push(fields) };
  const open = (entries: string | null = null) => openKeys({ entries, file, log, lookMs: LOOK_MS });
  return { file, errors, open };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await sleep(LOOK_MS);
  assert.ok(holds(), what);
}

test('keys rotate without a restart, and a broken file keeps the old ones', async (t) => {
  const [old, next] = [newKey('app', ['infer'], null), newKey('app', ['infer'], null)];
  const { file, errors, open } = await keysOf(t, old.entry);
  const { ring, close } = await open();
  t.after(close);
  assert.ok(ring !== null, 'there are keys');
  assert.ok(ring.find(old.secret), 'the key of the start');
  await writeFile(file, `${old.entry}\n${next.entry}\n`);
  await until(() => ring.find(next.secret) !== null, 'both keys');
  assert.ok(ring.find(old.secret), 'the old key while both stand there');
  await writeFile(file, 'nonsense');
  await until(() => errors.length > 0, 'the fault is logged');
  await rm(file);
  await until(() => errors.length > 1, 'the missing file is logged');
  assert.ok(ring.find(next.secret), 'the keys stay');
  assert.ok(!JSON.stringify(errors).includes(next.secret), 'no secret is logged');
  await writeFile(file, next.entry);
  await until(() => ring.find(old.secret) === null, 'the old key is gone');
  assert.ok(ring.find(next.secret), 'the new key');
  assert.equal(errors.length, 2, 'a lasting fault is said once');
});

test('keys that are wrong at the start are refused, and none are asked for without a source', async (t) => {
  const { file, open } = await keysOf(t, '# nobody yet\n');
  await assert.rejects(open(), { code: 'no_api_keys' });
  await writeFile(file, 'nonsense');
  await assert.rejects(open(), { code: 'invalid_api_keys' });
  await rm(file);
  await assert.rejects(open(), { code: 'api_keys_unreadable' });
  const log = { info: () => undefined, error: () => undefined };
  assert.equal((await openKeys({ entries: null, file: null, log })).ring, null);
});

test('the setting and the file hold keys together', async (t) => {
  const [fixed, own] = [newKey('ops', ['admin'], null), newKey('app', ['infer'], null)];
  const { open } = await keysOf(t, own.entry);
  const { ring, close } = await open(fixed.entry);
  t.after(close);
  assert.deepEqual([ring?.find(fixed.secret)?.name, ring?.find(own.secret)?.name], ['ops', 'app']);
});

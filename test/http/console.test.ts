import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parseEntries } from '../../src/access/entries.ts';
import { createKeyRing } from '../../src/access/key-ring.ts';
import { newKey } from '../../src/access/secrets.ts';
import { startApp, type TestApp } from './harness.ts';

const PAGE = '<!doctype html><title>console</title>';
const SCRIPT = 'export const answer = 42;\n';

/** An app with a console of two files, that takes only requests with a key. */
async function start(t: TestContext): Promise<TestApp> {
  const root = await mkdtemp(join(tmpdir(), 'softprompt-console-'));
  t.after(() => rm(root, { recursive: true }));
  const directory = join(root, 'console');
  await mkdir(join(directory, 'assets'), { recursive: true });
  await writeFile(join(root, 'secret.txt'), 'not of the console');
  await writeFile(join(directory, '.hidden'), 'not shown');
  await writeFile(join(directory, 'index.html'), PAGE);
  await writeFile(join(directory, 'assets/index-1a2b.js'), SCRIPT);
  await writeFile(join(directory, 'assets/index-1a2b.js.gz'), gzipSync(SCRIPT));
  const { entry } = newKey('ops', ['admin'], null);
  const keys = createKeyRing(parseEntries([{ place: '0', text: entry }], 'test'));
  return startApp(t, {}, { access: { keys }, console: directory });
}

describe('the files of the console', () => {
  it('are for anyone, under a policy that lets nothing else in', async (t) => {
    const test = await start(t);
    const { statusCode, headers, body } = await test.app.inject('/console/');
    assert.deepEqual([statusCode, body], [200, PAGE]);
    const policy = String(headers['content-security-policy']).split('; ');
    assert.deepEqual(policy, [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['cache-control'], 'no-cache');
    // What the page shows is not: it asks for a key.
    assert.equal((await test.app.inject('/v1/tasks')).statusCode, 401);
  });

  it('lead there from the path without a slash, also below a proxy', async (t) => {
    const test = await start(t);
    const { statusCode, headers } = await test.app.inject('/console');
    assert.deepEqual([statusCode, headers.location], [308, 'console/']);
  });

  it('are kept for good under their hashed names, and sent compressed', async (t) => {
    const test = await start(t);
    const url = '/console/assets/index-1a2b.js';
    const plain = await test.app.inject(url);
    assert.equal(plain.body, SCRIPT);
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(String(plain.headers['content-type']), /javascript/);
    const small = await test.app.inject({ url, headers: { 'accept-encoding': 'gzip' } });
    assert.equal(small.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(small.rawPayload).toString(), SCRIPT);
    const again = await test.app.inject({ url, headers: { 'if-none-match': String(plain.headers.etag) } });
    assert.equal(again.statusCode, 304);
  });

  it('are all that is there', async (t) => {
    const test = await start(t);
    for (const path of [
      'absent.js',
      'assets/',
      '.hidden',
      '../secret.txt',
      '..%2fsecret.txt',
      '%2e%2e/secret.txt',
      'assets/..%2f..%2f..%2fsecret.txt',
      '%00',
      'assets/index-1a2b.js/x',
    ]) {
      const { statusCode, body } = await test.app.inject(`/console/${path}`);
      assert.ok([400, 403, 404].includes(statusCode), `${path}: ${statusCode}`);
      assert.ok(!body.includes('not of the console') && !body.includes('not shown'), path);
    }
    assert.equal((await test.app.inject({ method: 'POST', url: '/console/' })).statusCode, 404);
  });
});

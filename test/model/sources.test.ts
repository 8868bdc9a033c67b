import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseSource } from '../../src/model/sources.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'softprompt-sources-'));
});
afterEach(() => rm(directory, { recursive: true }));

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

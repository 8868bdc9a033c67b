import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Precision } from '../../src/domain/model.ts';
import { ropeFrequencies } from '../../src/families/rope.ts';
import { BUNDLE_FILES, type Bundle } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { type ConfigJson, modelToGguf, readTensors } from './gguf-model.ts';
import { GGML_TYPE, type GgufTensor } from './gguf-writer.ts';
import { largestDifference, lastLogits } from './run-bundle.ts';
import { tempDirectory } from './temp-directory.ts';

interface Recorded {
  readonly base: readonly {
    readonly input_ids: readonly number[];
    readonly last_logits: readonly number[];
  }[];
}

const FAMILIES = ['llama', 'llama3', 'mistral', 'qwen2', 'qwen3'] as const;
/** transformers' and ours differ by the order of float32 sums. */
const TOLERANCE = 1e-4;
/** mistral's fixture has a window of 6 positions, which the engine's mask applies: shorter inputs do not need it. */
const MAX_IDS: Readonly<Record<(typeof FAMILIES)[number], number>> = {
  llama: 100,
  llama3: 100,
  mistral: 6,
  qwen2: 100,
  qwen3: 100,
};

const fixture = (family: string, name: string): string =>
  fileURLToPath(new URL(`../fixtures/peft/${family}/${name}`, import.meta.url));
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

async function importTo(t: TestContext, source: string, precision: Precision): Promise<Bundle> {
  return importModel({ source, target: join(tempDirectory(t), 'bundle'), id: 'tiny', precision });
}

/** The fixture as a GGUF file. llama3's rotary scaling becomes `rope_freqs.weight`, as llama.cpp has it. */
function writeGguf(t: TestContext, family: string, llama3Bundle: Bundle | null): string {
  const json = readJson(fixture(family, 'model/config.json')) as ConfigJson;
  const extra: GgufTensor[] = [];
  if (llama3Bundle !== null) {
    const { config } = llama3Bundle.manifest;
    assert.ok('rope' in config);
    const { rope, headDim } = config;
    const plain = ropeFrequencies({ type: 'default', theta: rope.theta }, headDim);
    const scaled = ropeFrequencies(rope, headDim);
    const factors = plain.map((frequency, i) => frequency / scaled[i]!);
    const data = new Uint8Array(factors.buffer);
    extra.push({ name: 'rope_freqs.weight', shape: [factors.length], type: GGML_TYPE.F32, data });
  }
  const path = join(tempDirectory(t), 'model.gguf');
  writeFileSync(path, modelToGguf(json, readTensors(fixture(family, 'model')), extra));
  return path;
}

for (const family of FAMILIES) {
  test(`${family}: both formats give the logits of transformers`, async (t) => {
    const huggingFace = await importTo(t, fixture(family, 'model'), 'float32');
    const gguf = await importTo(t, writeGguf(t, family, family === 'llama3' ? huggingFace : null), 'float32');
    const { base } = readJson(fixture(family, 'cases.json')) as Recorded;
    const cases = base.filter(({ input_ids }) => input_ids.length <= MAX_IDS[family]);
    assert.ok(cases.length > 0, 'no recorded case is short enough');
    for (const { input_ids, last_logits } of cases) {
      for (const bundle of [huggingFace, gguf]) {
        const logits = await lastLogits(bundle, input_ids);
        assert.ok(largestDifference(logits, last_logits) < TOLERANCE);
      }
    }
    assert.equal(digest(gguf, BUNDLE_FILES.weights), digest(huggingFace, BUNDLE_FILES.weights));
    assert.equal(digest(gguf, BUNDLE_FILES.embeddings), digest(huggingFace, BUNDLE_FILES.embeddings));
    if (family !== 'llama3' && family !== 'mistral') {
      assert.deepEqual(gguf.manifest.config, huggingFace.manifest.config);
    }
  });
}

function digest({ manifest }: Bundle, name: string): string {
  return manifest.files[name]!.sha256;
}

for (const precision of ['int8', 'int4'] as const) {
  test(`${precision}: both formats give the same logits, near those of float32`, async (t) => {
    const { base } = readJson(fixture('qwen2', 'cases.json')) as Recorded;
    const { input_ids, last_logits } = base[0]!;
    const fromHub = await lastLogits(await importTo(t, fixture('qwen2', 'model'), precision), input_ids);
    const fromGguf = await lastLogits(await importTo(t, writeGguf(t, 'qwen2', null), precision), input_ids);
    assert.deepEqual(fromGguf, fromHub);
    const range = Math.max(...last_logits) - Math.min(...last_logits);
    const difference = largestDifference(fromHub, last_logits) / range;
    assert.ok(difference < (precision === 'int8' ? 0.03 : 0.25), `${difference}`);
    assert.ok(difference > 1e-6, 'the weights are quantised');
  });
}

for (const family of ['gpt2', 'phi3', 'qwen3', 'gemma3']) {
  test(`${family}: int8 and int4 stay near the logits of transformers`, async (t) => {
    const { base } = readJson(fixture(family, 'cases.json')) as Recorded;
    const { input_ids: ids, last_logits: logits } = base.find(({ input_ids }) => input_ids.length <= 8)!;
    const range = Math.max(...logits) - Math.min(...logits);
    for (const [precision, allowed] of [
      ['float32', 1e-5],
      ['int8', 0.03],
      ['int4', 0.25],
    ] as const) {
      const bundle = await importTo(t, fixture(family, 'model'), precision);
      const difference = largestDifference(await lastLogits(bundle, ids), logits) / range;
      assert.ok(difference < allowed, `${precision}: ${difference}`);
    }
  });
}

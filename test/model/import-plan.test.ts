import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Precision } from '../../src/domain/model.ts';
import { openHuggingFace } from '../../src/model/hf-source.ts';
import { importModel } from '../../src/model/import.ts';
import { type ImportPlan, planImport } from '../../src/model/import-plan.ts';
import { linearForm } from '../../src/model/precision.ts';
import { options } from './hf-model.ts';

/** Its embeddings are tied. */
const llama = fileURLToPath(new URL('../fixtures/peft/llama/model', import.meta.url));

async function plan(t: TestContext, precision: Precision): Promise<ImportPlan> {
  const source = await openHuggingFace(llama);
  t.after(() => source.close());
  return planImport(source, precision);
}

test('a tied head is the embedding table in float32, and a layer of its own when quantised', async (t) => {
  const float32 = await plan(t, 'float32');
  assert.equal(float32.headIsEmbeddings, true);
  assert.ok(!float32.linears.some(({ name }) => name === 'lm_head'));
  assert.equal((await plan(t, 'float16')).headIsEmbeddings, true);
  const int8 = await plan(t, 'int8');
  assert.equal(int8.headIsEmbeddings, false);
  assert.equal(int8.linears.find(({ name }) => name === 'lm_head')?.tensor, int8.embeddings);
});

for (const precision of ['float32', 'float16', 'int8', 'int4'] as const) {
  test(`${precision}: the planned size is that of the bundle`, async (t) => {
    const { bundleBytes } = await plan(t, precision);
    const { manifest } = await importModel(options(t, { source: llama, precision }));
    const { 'tokenizer.json': _json, 'tokenizer_config.json': _config, ...files } = manifest.files;
    const written = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
    assert.ok(Math.abs(bundleBytes / written - 1) < 0.1, `${bundleBytes} planned, ${written} written`);
  });
}

test('rows that are no whole blocks stay float32', () => {
  assert.deepEqual(linearForm('int4', 'model.layers.0.mlp.down_proj', 'BF16', 100), { format: 'float32' });
});

test('float16 leaves the head in float32', () => {
  assert.deepEqual(linearForm('float16', 'lm_head', 'BF16', 64), { format: 'float32' });
  for (const name of [
    'model.layers.0.mlp.down_proj',
    'transformer.h.0.attn.c_attn',
    'decoder.block.0.layer.2.wo',
  ]) {
    assert.deepEqual(linearForm('float16', name, 'Q4_1', 64), { format: 'float16' });
  }
});

test('the head keeps 8 bits where float weights get 4', () => {
  const bits = (name: string): unknown => Object(linearForm('int4', name, 'F16', 64)).bits;
  assert.equal(bits('lm_head'), 8);
  assert.equal(bits('model.layers.0.mlp.up_proj'), 4);
});

test('int8 keeps what the rounding left of every layer but gate and up', () => {
  const residual = (kind: string): unknown =>
    Object(linearForm('int8', `model.layers.0.${kind}`, 'Q4_1', 64)).hasResidual;
  for (const kind of ['self_attn.q_proj', 'self_attn.o_proj', 'mlp.down_proj', 'lm_head'])
    assert.equal(residual(kind), true);
  for (const kind of ['mlp.gate_proj', 'mlp.up_proj']) assert.equal(residual(kind), false);
});

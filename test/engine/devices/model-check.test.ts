import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CPU } from '../../../src/engine/devices/device.ts';
import { MOST_ERROR, modelError, relativeError } from '../../../src/engine/devices/model-check.ts';
import { tryOut } from '../../../src/engine/devices/try-out.ts';
import { openBundle } from '../../../src/model/bundle.ts';
import { importModel } from '../../../src/model/import.ts';

test('the error is relative, and what is added to all numbers is none', () => {
  const numbers = Float32Array.of(1, 2, 3, 4);
  assert.equal(relativeError(numbers, numbers), 0);
  assert.equal(relativeError(Float32Array.of(11, 12, 13, 14), numbers), 0);
  assert.ok(Math.abs(relativeError(Float32Array.of(1.1, 2.2, 3.3, 4.4), numbers) - 0.1) < 1e-6);
  assert.ok(relativeError(Float32Array.of(4, 1, 3, 2), numbers) > MOST_ERROR);
  assert.equal(relativeError(Float32Array.of(1, Number.NaN, 3, 4), numbers), Number.POSITIVE_INFINITY);
  assert.equal(relativeError(numbers, Float32Array.of(1, 1, 1, 1)), Number.POSITIVE_INFINITY);
});

for (const [family, model, precision] of [
  ['a decoder', 'llama', 'float32'],
  ['a decoder of float16', 'gpt2', 'float16'],
  ['an encoder-decoder', 't5', 'float32'],
  ['an encoder-decoder of float16', 't5v11', 'float16'],
] as const) {
  test(`${family} that runs twice on the processor has no error, here and in a process of its own`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'model-check-'));
    t.after(() => rm(directory, { recursive: true }));
    const target = join(directory, 'bundle');
    await importModel({
      source: `test/fixtures/peft/${model}/model`,
      target,
      id: model,
      precision,
    });
    assert.equal(await modelError(await openBundle(target), CPU), 0);
    if (model === 'llama') assert.equal(await tryOut(CPU, { model: target }), null);
  });
}

test('a bundle that cannot be read makes a device unavailable, whatever it can do', async () => {
  assert.match(
    (await tryOut(CPU, { model: '/nowhere' })) ?? '',
    /cannot use cpu: \/nowhere holds no readable/,
  );
});

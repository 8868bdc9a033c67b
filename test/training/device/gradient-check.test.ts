import assert from 'node:assert/strict';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { CPU } from '../../../src/engine/devices/device.ts';
import { importModel } from '../../../src/model/import.ts';
import { gradientError, MOST_GRADIENT_ERROR } from '../../../src/training/device/gradient-check.ts';
import { type Differentiated, LossModel } from '../../../src/training/model.ts';
import { tempDirectory } from '../../model/temp-directory.ts';
import { RECORDINGS } from '../../support/recordings.ts';

const bundleOf = (directory: string, model: string, precision: 'float32' | 'int8' = 'float32') =>
  importModel({
    source: join(RECORDINGS, model, 'model'),
    target: join(directory, `${model}-${precision}`),
    id: model,
    precision,
  });

for (const [model, precision] of [
  ['llama', 'float32'],
  ['llama', 'int8'],
  ['gpt2', 'float32'],
  ['gemma3', 'float32'],
  ['t5', 'float32'],
] as const) {
  test(`${model} in ${precision} that learns twice on the processor has no error`, async (t) => {
    assert.equal(await gradientError(await bundleOf(tempDirectory(t), model, precision), CPU), 0);
  });
}

/** The error of a second run whose numbers are changed. */
async function errorWith(
  bundle: Awaited<ReturnType<typeof bundleOf>>,
  change: (right: Differentiated) => Partial<Differentiated>,
): Promise<number> {
  const run = LossModel.prototype.run;
  let runs = 0;
  const changed: typeof run = async function (this: LossModel<true>, prompt, batch) {
    const right = await run.call(this, prompt, batch);
    return ++runs === 1 ? right : { ...right, ...change(right as Differentiated) };
  };
  const mocked = mock.method(LossModel.prototype, 'run', changed);
  try {
    return await gradientError(bundle, CPU);
  } finally {
    mocked.mock.restore();
  }
}

test('a wrong loss, log-likelihood or gradient is found, and a number that is not finite', async (t) => {
  const bundle = await bundleOf(tempDirectory(t), 'llama');
  const far = async (change: Parameters<typeof errorWith>[1]): Promise<void> => {
    const error = await errorWith(bundle, change);
    assert.ok(error > MOST_GRADIENT_ERROR, `${error}`);
  };
  await far(({ loss }) => ({ loss: loss * 1.05 }));
  await far(({ logLikelihoods }) => ({ logLikelihoods: logLikelihoods.map((x, i) => x + 0.3 * (i % 2)) }));
  await far(({ gradient }) => ({ gradient: gradient.map((x) => x * 1.05) }));
  await far(({ gradient }) => ({ gradient: gradient.toReversed() }));
  await far(() => ({ loss: Number.NaN }));
  await far(({ gradient }) => ({ gradient: gradient.with(3, Number.POSITIVE_INFINITY) }));
  const near = await errorWith(bundle, ({ gradient }) => ({ gradient: gradient.map((x) => x * 1.001) }));
  assert.ok(near > 0 && near < MOST_GRADIENT_ERROR, `${near}`);
});

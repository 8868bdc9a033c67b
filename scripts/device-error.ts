/**
 * `tsx scripts/device-error.ts DEVICE BUNDLE...`: how far the numbers of each bundle's model, and those of its training graph, are
 * from the processor's on a device (`cpu`, `cuda:0`, `webgpu`), without looking whether the device is fit. Prints one JSON line a
 * bundle; `training` is null where prompts are not learned on its weights.
 */
import { parseDevice } from '../src/engine/devices/device.ts';
import { withoutTf32 } from '../src/engine/devices/float32-products.ts';
import { modelError } from '../src/engine/devices/model-check.ts';
import { openBundle } from '../src/model/bundle.ts';
import { hasTrainableWeights } from '../src/model/frozen-weights.ts';
import { gradientError } from '../src/training/device/gradient-check.ts';

const [name = '', ...directories] = process.argv.slice(2);
const device = parseDevice(name);
if (device === 'auto' || directories.length === 0) throw new Error('a device and bundles are needed');
withoutTf32();
for (const directory of directories) {
  const bundle = await openBundle(directory);
  const { config, precision } = bundle.manifest;
  const relativeError = await modelError(bundle, device);
  const training = hasTrainableWeights(bundle.manifest) ? await gradientError(bundle, device) : null;
  const line = { device: name, family: config.architecture, precision, relativeError, training };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

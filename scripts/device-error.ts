/**
 * `tsx scripts/device-error.ts DEVICE BUNDLE...`: how far the numbers of each bundle's model are from the processor's on a
 * device (`cpu`, `cuda:0`, `webgpu`), without looking whether the device is fit. Prints one JSON line a bundle.
 */
import { parseDevice } from '../src/engine/devices/device.ts';
import { modelError } from '../src/engine/devices/model-check.ts';
import { openBundle } from '../src/model/bundle.ts';

const [name = '', ...directories] = process.argv.slice(2);
const device = parseDevice(name);
if (device === 'auto' || directories.length === 0) throw new Error('a device and bundles are needed');
for (const directory of directories) {
  const bundle = await openBundle(directory);
  const { config, precision } = bundle.manifest;
  const relativeError = await modelError(bundle, device);
  process.stdout.write(
    `${JSON.stringify({ device: name, family: config.architecture, precision, relativeError })}\n`,
  );
}

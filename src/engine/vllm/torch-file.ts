import { pickledTensor } from './pickle.ts';
import { storedZip } from './zip.ts';

/** Folder of all records: `torch.save` takes the file's name. */
const ROOT = 'embeds';

/** The format's version that PyTorch 1.6 and later write. */
const VERSION = '3\n';

/**
 * A float32 tensor [rows, width] in a file as `torch.save` writes it, which `torch.load` reads with `weights_only`.
 * @param values row-major, in pieces one behind the other
 */
export function torchFile(values: readonly Float32Array[], width: number): Buffer {
  const bytes = values.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  const numbers = values.reduce((sum, { length }) => sum + length, 0);
  return storedZip([
    { name: `${ROOT}/data.pkl`, bytes: pickledTensor(numbers / width, width) },
    // What this and every other supported machine has: typed arrays are of the machine's order.
    { name: `${ROOT}/byteorder`, bytes: Buffer.from('little') },
    { name: `${ROOT}/data/0`, bytes: Buffer.concat(bytes) },
    { name: `${ROOT}/version`, bytes: Buffer.from(VERSION) },
  ]);
}

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors, parseSafetensors, tensorBytes } from '../../src/formats/safetensors.ts';
import { importModel } from '../../src/model/import.ts';
import { RECORDINGS, readFamily } from '../../test/support/recordings.ts';
import { TINY_MODEL } from './service-process.ts';

/**
 * Writes the small model of the test fixtures with its layers repeated to `layers` as a bundle. A step then takes
 * as long as one of a real model, so that the engine is what a load fills, and not the HTTP thread.
 */
export async function createDeepModel(layers: number, target: string): Promise<void> {
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  const source = await mkdtemp(join(tmpdir(), 'softprompt-deep-'));
  try {
    await cp(modelDirectory, source, { recursive: true });
    const config = join(source, 'config.json');
    const fields = JSON.parse(await readFile(config, 'utf8')) as { readonly num_hidden_layers: number };
    await writeFile(config, JSON.stringify({ ...fields, num_hidden_layers: layers }));
    await repeatLayers(join(source, 'model.safetensors'), fields.num_hidden_layers, layers);
    await importModel({ source, target, id: TINY_MODEL, precision: 'float32' });
  } finally {
    await rm(source, { recursive: true, force: true });
  }
}

async function repeatLayers(path: string, there: number, wanted: number): Promise<void> {
  const file = await readFile(path);
  const header = parseSafetensors(file);
  const tensors = header.tensors.flatMap((entry) => {
    const { name, dtype, shape } = entry;
    const data = tensorBytes(file, header, entry);
    const [, layer, rest] = /^model\.layers\.(\d+)\.(.*)$/.exec(name) ?? [];
    if (layer === undefined) return [{ name, dtype, shape, data }];
    const copies: number[] = [];
    for (let copy = Number(layer); copy < wanted; copy += there) copies.push(copy);
    return copies.map((copy) => ({ name: `model.layers.${copy}.${rest}`, dtype, shape, data }));
  });
  await writeFile(path, encodeSafetensors(tensors));
}

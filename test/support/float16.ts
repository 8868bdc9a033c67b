import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { roundProducts } from '../../scripts/rounded-products.ts';
import { buildEncoderGraph, buildServingGraph, isEncoderDecoder } from '../../src/families/index.ts';
import { encodeModel } from '../../src/graph/index.ts';
import { BUNDLE_FILES, type Bundle } from '../../src/model/bundle.ts';
import { readNamedWeights } from '../../src/model/frozen-weights.ts';
import { importModel } from '../../src/model/import.ts';

/** Imports a model in float16, with graphs that round on the processor as they do on a device. */
export async function importRounded(source: string, target: string, id: string): Promise<Bundle> {
  const bundle = await importModel({ source, target, id, precision: 'float16' });
  const { config } = bundle.manifest;
  const weights = await readNamedWeights(bundle);
  const encoded = roundProducts(buildServingGraph(config, weights));
  await writeFile(join(target, BUNDLE_FILES.graph), encodeModel(encoded));
  if (isEncoderDecoder(config)) {
    const encoder = roundProducts(buildEncoderGraph(config, weights));
    await writeFile(join(target, BUNDLE_FILES.encoder), encodeModel(encoder));
  }
  return bundle;
}

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddedModel } from '../../src/model/embedded.ts';
import { hashFile } from '../../src/model/hash-files.ts';
import { recordingImporter } from './cache-importer.ts';

/** A bundle of a few bytes in `directory` that stands for the one in the package. */
export async function fakeEmbeddedModel(directory: string, id = 'tiny-embedded'): Promise<EmbeddedModel> {
  const source = join(directory, 'embedded.gguf');
  await writeFile(source, 'weights');
  const target = join(directory, 'embedded-bundle');
  await rm(target, { recursive: true, force: true });
  await recordingImporter().importer({ source, target, id, precision: 'int8' });
  const { sha256: manifest } = await hashFile(join(target, 'manifest.json'));
  return { directory: target, manifest };
}

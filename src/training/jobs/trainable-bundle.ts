import { DomainError } from '../../domain/errors.ts';
import type { Bundle } from '../../model/bundle.ts';
import { listCache } from '../../model/cache.ts';
import { hasTrainableWeights, stockGraphNotTrainable } from '../../model/frozen-weights.ts';

/**
 * The bundle to learn on: the float32 bundle of the model that serves where there is one, else what serves, where its
 * weights allow that. Bundles of one source share their hash in every precision, and so do the prompts. Rejects with
 * `unprocessable` float32_bundle_missing, or stock_graph_not_trainable for an ONNX export.
 */
export async function trainableBundle(served: Bundle, home: string): Promise<Bundle> {
  const { hash, id, precision, source } = served.manifest;
  if (served.manifest.stockGraph) throw stockGraphNotTrainable(served);
  if (precision === 'float32') return served;
  for (const entry of await listCache(home)) {
    if (!('bundle' in entry)) continue;
    const { manifest } = entry.bundle;
    if (manifest.hash === hash && manifest.precision === 'float32') return entry.bundle;
  }
  if (hasTrainableWeights(served.manifest)) return served;
  throw new DomainError(
    'unprocessable',
    'float32_bundle_missing',
    `Prompts are not learned on these weights: ${id} is served in ${precision}. Import the same source once more: ` +
      'softprompt model import SOURCE --precision float32. The server finds it, and goes on serving as it does.',
    { param: 'model', expected: `a float32 bundle of ${source.description}`, given: precision },
  );
}

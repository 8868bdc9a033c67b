import { type BundleManifest, decoderLayers } from '../../model/bundle.ts';
import type { KvShape } from './kv.ts';

/** The keys and values of a bundle's model: float16 where its layers are. */
export const kvShapeOf = ({ config, precision }: Pick<BundleManifest, 'config' | 'precision'>): KvShape => ({
  planes: 2 * decoderLayers(config),
  heads: config.numKeyValueHeads,
  dim: config.headDim,
  element: precision === 'float16' ? 'float16' : 'float32',
});

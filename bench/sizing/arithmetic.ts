import { alignPast, type KvShape, kvBytesPerPosition } from '../../src/engine/kv/kv.ts';

/** What of a model's configuration decides the size of its keys and values. */
export interface KvConfig {
  readonly numLayers: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
}

/** Keys and values of each layer, as the engine's caches hold them. */
export const kvShape = ({ numLayers, numKeyValueHeads, headDim }: KvConfig): KvShape => ({
  planes: 2 * numLayers,
  heads: numKeyValueHeads,
  dim: headDim,
  element: 'float32',
});

/** Bytes of a prompt's keys and values in the prefix cache: its rows, rounded up to the alignment of the past axis. */
export function prefixBytes(shape: KvShape, virtualTokens: number): number {
  return alignPast(virtualTokens) * kvBytesPerPosition(shape);
}

/** Prefixes that fit into `--prefix-cache-bytes`. */
export function prefixesIn(shape: KvShape, virtualTokens: number, cacheBytes: number): number {
  return Math.floor(cacheBytes / prefixBytes(shape, virtualTokens));
}

/** Work of one request, in tokens. */
export interface RequestTokens {
  readonly virtual: number;
  readonly input: number;
  readonly output: number;
}

/** Tokens a second of one replica when it does nothing else. */
export interface Speed {
  readonly prefill: number;
  readonly decode: number;
}

/**
 * Replicas for a load, none of which is busy for more than `utilisation` of the time. A prefix is computed again for the
 * requests that miss it.
 */
export function replicasFor(
  requestsPerSecond: number,
  tokens: RequestTokens,
  { prefill, decode }: Speed,
  { hitRate, utilisation }: { readonly hitRate: number; readonly utilisation: number },
): number {
  const seconds = (tokens.input + (1 - hitRate) * tokens.virtual) / prefill + tokens.output / decode;
  return Math.ceil((requestsPerSecond * seconds) / utilisation);
}

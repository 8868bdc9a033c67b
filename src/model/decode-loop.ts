import { buildDecodeLoop } from '../families/index.ts';
import { encodeModel } from '../graph/index.ts';
import { type Bundle, isEncoderDecoder } from './bundle.ts';
import { hasNamedWeights, readNamedWeights } from './frozen-weights.ts';

/**
 * The graph of several decode steps of a bundle's model; its weights are the bundle's files. Null where they are not known
 * by name (blocks of int4, the graph of an ONNX export), and of a decoder behind an encoder.
 */
export async function encodeDecodeLoop(bundle: Bundle): Promise<Uint8Array | null> {
  const { config } = bundle.manifest;
  if (isEncoderDecoder(config) || !hasNamedWeights(bundle.manifest)) return null;
  return encodeModel(buildDecodeLoop(config, await readNamedWeights(bundle)));
}

export { DECODE_LOOP_IO } from '../families/decode-loop.ts';
export { CHOICE } from '../families/token-choice.ts';

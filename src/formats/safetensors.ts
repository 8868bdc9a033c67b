/**
 * The safetensors format (https://github.com/huggingface/safetensors, "Format"): eight bytes with the
 * header's length, a JSON header, and the tensors' bytes back to back.
 */
export { assertFinite, toFloat32 } from './safetensors-convert.ts';
export type { SafetensorsDtype } from './safetensors-dtype.ts';
export type { SafetensorsEntry } from './safetensors-entry.ts';
export { refusePickle } from './safetensors-foreign.ts';
export {
  headerLength,
  parseHeader,
  parseSafetensors,
  type SafetensorsHeader,
  tensorBytes,
} from './safetensors-reader.ts';
export { encodeSafetensors, type SafetensorsInput } from './safetensors-writer.ts';

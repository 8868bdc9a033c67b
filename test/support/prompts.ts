import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { normal, seededRandom } from './numbers.ts';

/** A bare prompt file [length, tokenDim] of standard normal numbers, as PEFT's RANDOM initialisation draws them. */
export function randomPrompt(seed: number, length: number, tokenDim: number): Uint8Array {
  const random = seededRandom(seed);
  const rows = Float32Array.from({ length: length * tokenDim }, () => normal(random));
  return promptFile(rows, length, tokenDim);
}

/** A bare prompt file with the given rows. */
export function promptFile(rows: Float32Array, length: number, tokenDim: number): Uint8Array {
  const data = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
  return encodeSafetensors([{ name: 'prompt_embeddings', dtype: 'F32', shape: [length, tokenDim], data }]);
}

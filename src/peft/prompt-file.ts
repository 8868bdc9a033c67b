import { encodeSafetensors } from '../formats/safetensors.ts';
import { readAdapterTensors, tensorRefusal } from './adapter-tensors.ts';

/** The name under which PEFT saves the rows of a prompt. */
export const PROMPT_TENSOR = 'prompt_embeddings';

export interface PromptTensor {
  /** Float32, row-major [length, tokenDim], every value finite. */
  readonly rows: Float32Array;
  readonly length: number;
  readonly tokenDim: number;
}

/**
 * The rows of an adapter_model.safetensors with the one tensor `prompt_embeddings` [rows, token_dim].
 * Throws as {@link readAdapterTensors} does, and `unprocessable` prompt_shape.
 */
export function readPromptFile(file: Uint8Array): PromptTensor {
  const [tensor] = readAdapterTensors(file, [PROMPT_TENSOR]);
  const { shape, values } = tensor!;
  const [length, tokenDim, ...more] = shape;
  if (length === undefined || tokenDim === undefined || more.length > 0) {
    const expected = '[num_virtual_tokens, token_dim]';
    const given = `[${shape.join(', ')}]`;
    throw tensorRefusal([PROMPT_TENSOR], 'prompt_shape', 'must have two dimensions', expected, given);
  }
  return { rows: values, length, tokenDim };
}

/** A float32 file that {@link readPromptFile} and PEFT read. */
export function encodePromptFile({ rows, length, tokenDim }: PromptTensor): Uint8Array {
  const data = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
  return encodeSafetensors([{ name: PROMPT_TENSOR, dtype: 'F32', shape: [length, tokenDim], data }]);
}

import type { ClassificationHead } from '../domain/head.ts';
import { encodeSafetensors, type SafetensorsInput } from '../formats/safetensors.ts';
import { type AdapterTensor, hasTensor, readAdapterTensors, tensorRefusal } from './adapter-tensors.ts';
import { HEAD_TENSOR, toHead } from './head.ts';

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
  return toPrompt(tensor!);
}

/** What an adapter holds: a prompt, and of task type SEQ_CLS the head that was trained with it. */
export interface AdapterContent {
  readonly prompt: PromptTensor;
  readonly head: ClassificationHead | null;
}

/** Prompt and head of a SEQ_CLS adapter. Throws as {@link readPromptFile} does, and `unprocessable` head_shape. */
export function readClassifierFile(file: Uint8Array): AdapterContent {
  const [prompt, head] = readAdapterTensors(file, [PROMPT_TENSOR, HEAD_TENSOR]);
  return { prompt: toPrompt(prompt!), head: toHead(head!) };
}

/** A file that was checked when it was stored, with or without a head. */
export function readStoredFile(file: Uint8Array): AdapterContent {
  if (hasTensor(file, HEAD_TENSOR)) return readClassifierFile(file);
  return { prompt: readPromptFile(file), head: null };
}

function toPrompt({ shape, values }: AdapterTensor): PromptTensor {
  const [length, tokenDim, ...more] = shape;
  if (length === undefined || tokenDim === undefined || more.length > 0) {
    const expected = '[num_virtual_tokens, token_dim]';
    const given = `[${shape.join(', ')}]`;
    throw tensorRefusal([PROMPT_TENSOR], 'prompt_shape', 'must have two dimensions', expected, given);
  }
  return { rows: values, length, tokenDim };
}

/** A float32 file that {@link readPromptFile} and PEFT read; with a head {@link readClassifierFile} does. */
export function encodePromptFile(
  { rows, length, tokenDim }: PromptTensor,
  head: ClassificationHead | null = null,
): Uint8Array {
  const entry = (name: string, shape: readonly number[], values: Float32Array): SafetensorsInput => ({
    name,
    dtype: 'F32',
    shape,
    data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  });
  return encodeSafetensors([
    entry(PROMPT_TENSOR, [length, tokenDim], rows),
    ...(head === null
      ? []
      : [entry(HEAD_TENSOR, [head.numLabels, head.weight.length / head.numLabels], head.weight)]),
  ]);
}

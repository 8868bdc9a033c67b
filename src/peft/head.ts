import type { ClassificationHead } from '../domain/head.ts';
import { type AdapterTensor, tensorRefusal } from './adapter-tensors.ts';

/** The name under which PEFT saves the head of a decoder-only classifier. */
export const HEAD_TENSOR = 'base_model.score.weight';

/** The modules that PeftModelForSequenceClassification saves beside the prompt; decoder-only models have `score`. */
export const HEAD_MODULES: readonly string[] = ['classifier', 'score'];

/** A head from its tensor [num_labels, token_dim]. Throws `unprocessable` head_shape. */
export function toHead({ shape, values }: AdapterTensor): ClassificationHead {
  const [numLabels, width, ...more] = shape;
  if (numLabels === undefined || width === undefined || more.length > 0) {
    const given = `[${shape.join(', ')}]`;
    const expected = '[num_labels, token_dim]';
    throw tensorRefusal([HEAD_TENSOR], 'head_shape', 'must have two dimensions', expected, given);
  }
  return { numLabels, weight: values };
}

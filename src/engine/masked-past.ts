import { MASKED } from '../model/bundle.ts';
import type { StepInputs } from './backend.ts';
import { ELEMENTS, type KvArray } from './kv/elements.ts';
import { alignPast, type KvShape } from './kv/kv.ts';

/**
 * The same run with a past that nothing sees in the place of an empty one. onnxruntime 1.30's WebGPU provider ends the process
 * at a tensor without elements; of CUDA it is not known.
 */
export function withPast(inputs: StepInputs, { planes, heads, dim, element }: KvShape): StepInputs {
  const { batch, sequence, attentionBias } = inputs;
  if (inputs.past > 0) return inputs;
  const past = alignPast(1);
  const width = past + sequence;
  const bias = new Float32Array(batch * sequence * width).fill(MASKED);
  for (let query = 0; query < batch * sequence; query++) {
    bias.set(attentionBias.subarray(query * sequence, (query + 1) * sequence), query * width + past);
  }
  const zeros = ELEMENTS[element].zeros(batch * heads * past * dim);
  return { ...inputs, past, attentionBias: bias, pastPlanes: new Array<KvArray>(planes).fill(zeros) };
}

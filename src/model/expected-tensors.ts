import type { DecoderConfig } from '../families/decoder.ts';
import { unsupportedModel } from './fields.ts';
import { isFloatStorage } from './storage.ts';
import type { SourceTensor } from './weight-source.ts';

export const EMBEDDINGS = 'model.embed_tokens.weight';
export const HEAD = 'lm_head';

/** A tensor that a model of this configuration has. `linear`: the weight [out, in] of a linear layer. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly linear: boolean;
}

/** Every tensor of the model under its Hugging Face name, the embedding table first, a tied head left out. */
export function* expectedTensors(config: DecoderConfig): Generator<ExpectedTensor> {
  const { hiddenSize: hidden, intermediateSize: intermediate, headDim, vocabSize } = config;
  const queries = config.numAttentionHeads * headDim;
  const keys = config.numKeyValueHeads * headDim;
  const vector = (name: string, size = hidden): ExpectedTensor => ({ name, shape: [size], linear: false });
  function* linear(name: string, out: number, input: number, bias: boolean): Generator<ExpectedTensor> {
    yield { name: `${name}.weight`, shape: [out, input], linear: true };
    if (bias) yield vector(`${name}.bias`, out);
  }

  yield { name: EMBEDDINGS, shape: [vocabSize, hidden], linear: false };
  for (let i = 0; i < config.numLayers; i++) {
    const layer = `model.layers.${i}`;
    yield vector(`${layer}.input_layernorm.weight`);
    yield* linear(`${layer}.self_attn.q_proj`, queries, hidden, config.qkvBias);
    yield* linear(`${layer}.self_attn.k_proj`, keys, hidden, config.qkvBias);
    yield* linear(`${layer}.self_attn.v_proj`, keys, hidden, config.qkvBias);
    yield* linear(`${layer}.self_attn.o_proj`, hidden, queries, config.outputBias);
    yield vector(`${layer}.post_attention_layernorm.weight`);
    yield* linear(`${layer}.mlp.gate_proj`, intermediate, hidden, config.mlpBias);
    yield* linear(`${layer}.mlp.up_proj`, intermediate, hidden, config.mlpBias);
    yield* linear(`${layer}.mlp.down_proj`, hidden, intermediate, config.mlpBias);
  }
  yield vector('model.norm.weight');
  if (!config.tiedEmbeddings) yield* linear(HEAD, vocabSize, hidden, false);
}

/**
 * Checks that the source has exactly the model's tensors in the right shapes.
 * Throws `unprocessable` missing_tensor, tensor_shape, unsupported_tensor_type,
 * unexpected_tensor; `param` is the tensor.
 */
export function checkTensors(config: DecoderConfig, tensors: ReadonlyMap<string, SourceTensor>): void {
  const expected = new Set<string>();
  for (const { name, shape } of expectedTensors(config)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw unsupportedModel('missing_tensor', name, `The model has no tensor ${name}.`, { expected: shape });
    }
    if (tensor.shape.length !== shape.length || !shape.every((size, axis) => size === tensor.shape[axis])) {
      throw unsupportedModel(
        'tensor_shape',
        name,
        `Tensor ${name} has shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}].`,
        { expected: shape, given: tensor.shape },
      );
    }
    if (shape.length === 1 && !isFloatStorage(tensor.storage)) {
      throw unsupportedModel('unsupported_tensor_type', name, `Tensor ${name} has type ${tensor.storage}.`, {
        expected: ['F32', 'F16', 'BF16'],
        given: tensor.storage,
      });
    }
    expected.add(name);
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name)) {
      throw unsupportedModel(
        'unexpected_tensor',
        name,
        `Tensor ${name} is not part of a ${config.architecture} model with this configuration.`,
      );
    }
  }
}

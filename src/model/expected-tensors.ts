import type { DecoderConfig, Gpt2Config, LlamaConfig } from '../families/decoder.ts';
import { unsupportedModel } from './fields.ts';
import { isFloatStorage } from './storage.ts';
import type { SourceTensor } from './weight-source.ts';

export const HEAD = 'lm_head';

/** A tensor that a model of this configuration has. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** `linear`: the weight [out, in] of a linear layer; `other`: norms, biases, learned positions. */
  readonly kind: 'embeddings' | 'linear' | 'other';
}

const other = (name: string, ...shape: readonly number[]): ExpectedTensor => ({ name, shape, kind: 'other' });

function* linear(name: string, out: number, input: number, bias: boolean): Generator<ExpectedTensor> {
  yield { name: `${name}.weight`, shape: [out, input], kind: 'linear' };
  if (bias) yield other(`${name}.bias`, out);
}

/** Every tensor of the model under its Hugging Face name, the embedding table first, a tied head left out. */
export function* expectedTensors(config: DecoderConfig): Generator<ExpectedTensor> {
  const { vocabSize, hiddenSize } = config;
  const isGpt2 = config.architecture === 'gpt2';
  const embeddings = isGpt2 ? 'transformer.wte.weight' : 'model.embed_tokens.weight';
  yield { name: embeddings, shape: [vocabSize, hiddenSize], kind: 'embeddings' };
  yield* isGpt2 ? gpt2Tensors(config) : llamaTensors(config);
  if (!config.tiedEmbeddings) yield* linear(HEAD, vocabSize, hiddenSize, false);
}

function* llamaTensors(config: LlamaConfig): Generator<ExpectedTensor> {
  const { hiddenSize: hidden, intermediateSize: intermediate, headDim } = config;
  const queries = config.numAttentionHeads * headDim;
  const keys = config.numKeyValueHeads * headDim;
  for (let i = 0; i < config.numLayers; i++) {
    const layer = `model.layers.${i}`;
    yield other(`${layer}.input_layernorm.weight`, hidden);
    yield* linear(`${layer}.self_attn.q_proj`, queries, hidden, config.qkvBias);
    yield* linear(`${layer}.self_attn.k_proj`, keys, hidden, config.qkvBias);
    yield* linear(`${layer}.self_attn.v_proj`, keys, hidden, config.qkvBias);
    yield* linear(`${layer}.self_attn.o_proj`, hidden, queries, config.outputBias);
    if (config.architecture === 'qwen3') {
      yield other(`${layer}.self_attn.q_norm.weight`, headDim);
      yield other(`${layer}.self_attn.k_norm.weight`, headDim);
    }
    yield other(`${layer}.post_attention_layernorm.weight`, hidden);
    yield* linear(`${layer}.mlp.gate_proj`, intermediate, hidden, config.mlpBias);
    yield* linear(`${layer}.mlp.up_proj`, intermediate, hidden, config.mlpBias);
    yield* linear(`${layer}.mlp.down_proj`, hidden, intermediate, config.mlpBias);
  }
  yield other('model.norm.weight', hidden);
}

function* gpt2Tensors(config: Gpt2Config): Generator<ExpectedTensor> {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  function* norm(name: string): Generator<ExpectedTensor> {
    yield other(`${name}.weight`, hidden);
    yield other(`${name}.bias`, hidden);
  }
  yield other('transformer.wpe.weight', config.contextLength, hidden);
  for (let i = 0; i < config.numLayers; i++) {
    const layer = `transformer.h.${i}`;
    yield* norm(`${layer}.ln_1`);
    yield* linear(`${layer}.attn.c_attn`, 3 * hidden, hidden, true);
    yield* linear(`${layer}.attn.c_proj`, hidden, hidden, true);
    yield* norm(`${layer}.ln_2`);
    yield* linear(`${layer}.mlp.c_fc`, inner, hidden, true);
    yield* linear(`${layer}.mlp.c_proj`, hidden, inner, true);
  }
  yield* norm('transformer.ln_f');
}

/**
 * Checks that the source has exactly the model's tensors in the right shapes.
 * Throws `unprocessable` missing_tensor, tensor_shape, unsupported_tensor_type,
 * unexpected_tensor; `param` is the tensor.
 */
export function checkTensors(config: DecoderConfig, tensors: ReadonlyMap<string, SourceTensor>): void {
  const expected = new Set<string>();
  for (const { name, shape, kind } of expectedTensors(config)) {
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
    if (kind === 'other' && !isFloatStorage(tensor.storage)) {
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

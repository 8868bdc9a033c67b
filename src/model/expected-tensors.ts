import type { Gemma3Config, Gpt2Config, LlamaConfig } from '../families/decoder.ts';
import type { T5Config } from '../families/encoder-decoder.ts';
import type { ModelConfig } from '../families/index.ts';
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
export function* expectedTensors(config: ModelConfig): Generator<ExpectedTensor> {
  const { vocabSize, hiddenSize } = config;
  yield { name: embeddingsName(config), shape: [vocabSize, hiddenSize], kind: 'embeddings' };
  yield* layerTensors(config);
  if (!config.tiedEmbeddings) yield* linear(HEAD, vocabSize, hiddenSize, false);
}

function embeddingsName({ architecture }: ModelConfig): string {
  if (architecture === 't5') return 'shared.weight';
  return architecture === 'gpt2' ? 'transformer.wte.weight' : 'model.embed_tokens.weight';
}

function layerTensors(config: ModelConfig): Generator<ExpectedTensor> {
  switch (config.architecture) {
    case 't5':
      return t5Tensors(config);
    case 'gpt2':
      return gpt2Tensors(config);
    case 'gemma3':
      return gemma3Tensors(config);
    default:
      return llamaTensors(config);
  }
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

function* gemma3Tensors(config: Gemma3Config): Generator<ExpectedTensor> {
  const { hiddenSize: hidden, intermediateSize: intermediate, headDim } = config;
  const queries = config.numAttentionHeads * headDim;
  const keys = config.numKeyValueHeads * headDim;
  for (let i = 0; i < config.numLayers; i++) {
    const layer = `model.layers.${i}`;
    yield other(`${layer}.input_layernorm.weight`, hidden);
    yield* linear(`${layer}.self_attn.q_proj`, queries, hidden, false);
    yield* linear(`${layer}.self_attn.k_proj`, keys, hidden, false);
    yield* linear(`${layer}.self_attn.v_proj`, keys, hidden, false);
    yield* linear(`${layer}.self_attn.o_proj`, hidden, queries, false);
    yield other(`${layer}.self_attn.q_norm.weight`, headDim);
    yield other(`${layer}.self_attn.k_norm.weight`, headDim);
    yield other(`${layer}.post_attention_layernorm.weight`, hidden);
    yield other(`${layer}.pre_feedforward_layernorm.weight`, hidden);
    yield* linear(`${layer}.mlp.gate_proj`, intermediate, hidden, false);
    yield* linear(`${layer}.mlp.up_proj`, intermediate, hidden, false);
    yield* linear(`${layer}.mlp.down_proj`, hidden, intermediate, false);
    yield other(`${layer}.post_feedforward_layernorm.weight`, hidden);
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

function* t5Tensors(config: T5Config): Generator<ExpectedTensor> {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const heads = config.numAttentionHeads * config.headDim;
  function* attention(prefix: string): Generator<ExpectedTensor> {
    for (const name of ['q', 'k', 'v']) yield* linear(`${prefix}.${name}`, heads, hidden, false);
    yield* linear(`${prefix}.o`, hidden, heads, false);
  }
  function* feedForward(layer: string): Generator<ExpectedTensor> {
    yield other(`${layer}.layer_norm.weight`, hidden);
    const names = config.gated ? ['wi_0', 'wi_1'] : ['wi'];
    for (const name of names) yield* linear(`${layer}.DenseReluDense.${name}`, inner, hidden, false);
    yield* linear(`${layer}.DenseReluDense.wo`, hidden, inner, false);
  }
  function* selfAttention(layer: string, isFirst: boolean): Generator<ExpectedTensor> {
    const prefix = `${layer}.SelfAttention`;
    yield other(`${layer}.layer_norm.weight`, hidden);
    yield* attention(prefix);
    const table = `${prefix}.relative_attention_bias.weight`;
    if (isFirst) yield other(table, config.relativeBuckets, config.numAttentionHeads);
  }
  for (let i = 0; i < config.numLayers; i++) {
    const block = `encoder.block.${i}`;
    yield* selfAttention(`${block}.layer.0`, i === 0);
    yield* feedForward(`${block}.layer.1`);
  }
  yield other('encoder.final_layer_norm.weight', hidden);
  for (let i = 0; i < config.numDecoderLayers; i++) {
    const block = `decoder.block.${i}`;
    yield* selfAttention(`${block}.layer.0`, i === 0);
    yield other(`${block}.layer.1.layer_norm.weight`, hidden);
    yield* attention(`${block}.layer.1.EncDecAttention`);
    yield* feedForward(`${block}.layer.2`);
  }
  yield other('decoder.final_layer_norm.weight', hidden);
}

/**
 * Checks that the source has exactly the model's tensors in the right shapes.
 * Throws `unprocessable` missing_tensor, tensor_shape, unsupported_tensor_type,
 * unexpected_tensor; `param` is the tensor.
 */
export function checkTensors(config: ModelConfig, tensors: ReadonlyMap<string, SourceTensor>): void {
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

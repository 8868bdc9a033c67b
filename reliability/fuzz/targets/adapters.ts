import type { ModelInfo } from '../../../src/domain/model.ts';
import { encodeSafetensors, type SafetensorsInput } from '../../../src/formats/safetensors.ts';

/** A model with sizes so small that a mutant takes microseconds. */
export const SMALL: ModelInfo = {
  id: 'small',
  hash: 'a'.repeat(64),
  family: 'llama',
  kind: 'decoder',
  precision: 'float32',
  tokenDim: 8,
  numLayers: 2,
  numAttentionHeads: 2,
  numKeyValueHeads: 1,
  headDim: 4,
  vocabSize: 64,
  contextLength: 32,
  aliases: ['small', 'Example/Small'],
  createdAt: 0,
};

/** Numbers of a row of PREFIX_TUNING: keys and values of every layer. */
export const PREFIX_WIDTH = 2 * SMALL.numLayers * SMALL.numKeyValueHeads * SMALL.headDim;
export const HEAD = 'base_model.score.weight';
const ROWS = 4;

/** An adapter of one method for {@link SMALL}; `config` null: a bare tensor. */
export interface Adapter {
  readonly config: Buffer | null;
  readonly model: Buffer;
  readonly taskId?: number;
}

function tensor(name: string, shape: readonly number[]): SafetensorsInput {
  const values = Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => Math.sin(i + name.length) / 2,
  );
  return { name, dtype: 'F32', shape, data: new Uint8Array(values.buffer) };
}

const file = (...tensors: SafetensorsInput[]): Buffer => Buffer.from(encodeSafetensors(tensors));
const prompt = tensor('prompt_embeddings', [ROWS, SMALL.tokenDim]);
const factors = [
  tensor('prefix_task_cols', [2, ROWS, 1]),
  tensor('prefix_task_rows', [2, 1, SMALL.tokenDim]),
];
const head = tensor(HEAD, [3, SMALL.tokenDim]);

function config(peftType: string, fields: object = {}): Buffer {
  const all = {
    auto_mapping: null,
    base_model_name_or_path: 'Example/Small',
    inference_mode: true,
    num_attention_heads: 2,
    num_layers: 2,
    num_transformer_submodules: 1,
    num_virtual_tokens: ROWS,
    peft_type: peftType,
    peft_version: '0.21.0',
    revision: null,
    task_type: 'CAUSAL_LM',
    token_dim: SMALL.tokenDim,
    ...fields,
  };
  return Buffer.from(JSON.stringify(all));
}

const classifier = { task_type: 'SEQ_CLS', modules_to_save: ['classifier', 'score'] };
const multitask = { num_tasks: 2, num_ranks: 1, prompt_tuning_init: 'RANDOM' };

/** One good adapter of each kind that is taken, by the name of its context. */
export const ADAPTERS: Readonly<Record<string, Adapter>> = {
  tensor: { config: null, model: file(prompt) },
  prompt: {
    config: config('PROMPT_TUNING', { prompt_tuning_init: 'RANDOM', tokenizer_kwargs: null }),
    model: file(prompt),
  },
  p_tuning: {
    config: config('P_TUNING', { encoder_hidden_size: 8, encoder_dropout: 0.1 }),
    model: file(prompt),
  },
  prefix: {
    config: config('PREFIX_TUNING', { token_dim: 4, num_attention_heads: 1, prefix_projection: false }),
    model: file(tensor('prompt_embeddings', [ROWS, PREFIX_WIDTH])),
  },
  multitask: {
    config: config('MULTITASK_PROMPT_TUNING', multitask),
    model: file(prompt, ...factors),
    taskId: 1,
  },
  cpt: {
    config: config('CPT', { cpt_token_ids: [1, 2, 3, 4], cpt_mask: [1, 1, 1, 1] }),
    model: file(prompt),
  },
  classifier: { config: config('P_TUNING', classifier), model: file(prompt, head) },
  multiclassifier: {
    config: config('MULTITASK_PROMPT_TUNING', { ...multitask, ...classifier }),
    model: file(prompt, ...factors, head),
    taskId: 0,
  },
};

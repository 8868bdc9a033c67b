import { DomainError } from '../domain/errors.ts';
import type { ModelInfo } from '../domain/model.ts';
import { PROMPT_TENSOR, type PromptTensor } from '../peft/prompt-file.ts';
import type { ParsedAdapterConfig } from './adapter-config.ts';
import { submodulesOf } from './submodules.ts';
import { assertTaskTypeServed } from './task-type.ts';

/**
 * Throws `unprocessable` when an adapter was made for another kind or size of model, or for more than is served. A
 * field that is null is not compared, except task_type: PEFT ignores such an adapter silently.
 */
export function assertConfigFits(config: ParsedAdapterConfig, model: ModelInfo): void {
  assertTaskTypeServed(config, model);
  assertEqual('num_transformer_submodules', submodulesOf(model), config.numTransformerSubmodules);
  if (model.kind === 'encoder-decoder') assertEncoderPrompt(config);
  assertLength(config.numVirtualTokens, model);
  const isPrefix = config.peftType === 'PREFIX_TUNING';
  assertEqual('token_dim', [isPrefix ? prefixDim(model) : model.tokenDim], config.tokenDim);
  assertEqual('num_layers', [model.numLayers], config.numLayers);
  // Some trainers write the key/value heads of a model with grouped-query attention; a prefix has no others.
  const heads = isPrefix ? [] : [model.numAttentionHeads];
  assertEqual('num_attention_heads', [...heads, model.numKeyValueHeads], config.numAttentionHeads);
}

/** Throws `unprocessable` for what PEFT gives an encoder-decoder model beside rows in front of the encoder's input. */
function assertEncoderPrompt({ peftType, numTransformerSubmodules }: ParsedAdapterConfig): void {
  if (peftType === 'PROMPT_TUNING' || peftType === 'P_TUNING') return;
  // PEFT's forward and generate disagree whether the decoder sees rows of its own; with one submodule there are none.
  if (peftType === 'MULTITASK_PROMPT_TUNING' && numTransformerSubmodules === 1) return;
  const multitask = peftType === 'MULTITASK_PROMPT_TUNING';
  throw mismatch(
    multitask ? 'num_transformer_submodules' : 'peft_type',
    multitask ? 'num_transformer_submodules_mismatch' : 'peft_type_unsupported',
    multitask ? 1 : ['PROMPT_TUNING', 'P_TUNING', 'MULTITASK_PROMPT_TUNING'],
    multitask ? numTransformerSubmodules : peftType,
    "on an encoder-decoder model only rows in front of the encoder's input are served",
  );
}

/** Width of the keys of one layer at one position, kv_heads * head_dim: the token_dim of PREFIX_TUNING. */
export function prefixDim({ numKeyValueHeads, headDim }: ModelInfo): number {
  return numKeyValueHeads * headDim;
}

/** Throws `unprocessable` unless each row holds the keys and values of every layer, and a token has room behind them. */
export function assertPrefixFits(tensor: PromptTensor, model: ModelInfo): void {
  const width = 2 * model.numLayers * prefixDim(model);
  if (tensor.tokenDim !== width) {
    throw mismatch(
      PROMPT_TENSOR,
      'prefix_shape_mismatch',
      `[num_virtual_tokens, ${width}]`,
      `[${tensor.length}, ${tensor.tokenDim}]`,
      'a row holds keys and values of every layer, num_layers * 2 * kv_heads * head_dim numbers',
    );
  }
  assertLength(tensor.length, model);
}

/** Throws `unprocessable` unless the rows are as wide as the model's embeddings and leave it room for a token. */
export function assertTensorFits(tensor: Omit<PromptTensor, 'rows'>, model: ModelInfo): void {
  assertEqual('token_dim', [model.tokenDim], tensor.tokenDim);
  assertLength(tensor.length, model);
}

function assertLength(numVirtualTokens: number, { contextLength }: ModelInfo): void {
  if (numVirtualTokens >= 1 && numVirtualTokens < contextLength) return;
  throw mismatch(
    'num_virtual_tokens',
    'num_virtual_tokens_out_of_range',
    `1 to ${contextLength - 1}`,
    numVirtualTokens,
    `the model has ${contextLength} positions, and at least one is for the input`,
  );
}

/** Throws `unprocessable` unless the tensor has the shape that the config announces. */
export function assertTensorMatches(
  config: ParsedAdapterConfig,
  tensor: PromptTensor,
  model: ModelInfo,
): void {
  const { numContextTokens, numVirtualTokens } = config;
  if (numContextTokens !== null && numContextTokens !== numVirtualTokens) {
    throw mismatch(
      'cpt_token_ids',
      'cpt_token_ids_mismatch',
      `${numVirtualTokens} ids`,
      `${numContextTokens}`,
      'each virtual token was made from one',
    );
  }
  const rows = config.numVirtualTokens * (config.numTransformerSubmodules ?? submodulesOf(model)[0]);
  if (tensor.length === rows) return;
  throw mismatch(
    PROMPT_TENSOR,
    'prompt_shape_mismatch',
    `[${rows}, ${tensor.tokenDim}]`,
    `[${tensor.length}, ${tensor.tokenDim}]`,
    'num_virtual_tokens * num_transformer_submodules rows are needed',
  );
}

/** Throws `unprocessable` unless the adapter holds as many tasks and ranks as the config announces. */
export function assertTasksMatch(
  { numTasks: announced, numRanks }: Pick<ParsedAdapterConfig, 'numTasks' | 'numRanks'>,
  { tasks: given, ranks }: { readonly tasks: number; readonly ranks: number },
): void {
  if (numRanks !== null && numRanks !== ranks) {
    throw mismatch('num_ranks', 'num_ranks_mismatch', numRanks, ranks, 'the tensors hold other factors');
  }
  if (announced === null || announced === given) return;
  throw mismatch('num_tasks', 'num_tasks_mismatch', announced, given, 'the tensors hold other tasks');
}

function assertEqual<T extends string | number>(field: string, allowed: readonly T[], given: T | null): void {
  if (given === null || allowed.includes(given)) return;
  const distinct = [...new Set(allowed)];
  const expected = distinct.length === 1 ? distinct[0] : distinct;
  throw mismatch(field, `${field}_mismatch`, expected, given, 'the adapter was made for another model');
}

function mismatch(
  param: string,
  code: string,
  expected: unknown,
  given: unknown,
  reason: string,
): DomainError {
  const message = `${param}: expected ${text(expected)}, given ${text(given)}; ${reason}.`;
  return new DomainError('unprocessable', code, message, { param, expected, given });
}

function text(value: unknown): string {
  return Array.isArray(value) ? value.join(' or ') : String(value);
}

import { contextFault } from '../domain/context.ts';
import type {
  EngineLimits,
  GenerateRequest,
  HiddenStateRequest,
  PromptHandle,
  ScoreRequest,
} from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { ModelInfo } from '../domain/model.ts';

/** Throws `unprocessable` context_length_exceeded or empty_input. */
export function checkGenerate(request: GenerateRequest, limits: EngineLimits): void {
  for (const prompt of [request.prompt, ...(request.others ?? [])]) {
    checkInput(prompt, request.inputIds);
    checkLength(prompt, request.inputIds.length, request.maxTokens, limits);
  }
}

/** Like {@link checkGenerate}, for each continuation; also throws `invalid` empty_target and invalid_token_id. */
export function checkScore(request: ScoreRequest, model: ModelInfo, limits: EngineLimits): void {
  checkInput(request.prompt, request.inputIds);
  for (const continuation of request.continuations) {
    if (continuation.length === 0) {
      throw new DomainError('invalid', 'empty_target', 'A continuation holds at least one token.', {
        param: 'target',
        expected: '>= 1 token',
        given: 0,
      });
    }
    checkIds(continuation, model.vocabSize, 'target');
    checkLength(request.prompt, request.inputIds.length, continuation.length, limits);
  }
}

/** Like {@link checkGenerate}, without an output. */
export function checkHiddenState(request: HiddenStateRequest, limits: EngineLimits): void {
  checkInput(request.prompt, request.inputIds);
  checkLength(request.prompt, request.inputIds.length, 0, limits);
}

function checkInput(prompt: PromptHandle | null, inputIds: readonly number[]): void {
  if (prompt?.form === 'rows' || inputIds.length > 0) return;
  throw new DomainError(
    'unprocessable',
    'empty_input',
    prompt === null
      ? 'Without a soft prompt the input holds at least one token.'
      : 'Behind a PREFIX_TUNING prompt the input holds at least one token.',
    {
      param: 'prompt',
      expected: '>= 1 token',
      given: 0,
    },
  );
}

/** Throws `invalid` invalid_token_id. */
export function checkIds(ids: readonly number[], vocabSize: number, param: string): void {
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (wrong === undefined) return;
  throw new DomainError('invalid', 'invalid_token_id', 'A token id lies outside the vocabulary.', {
    param,
    expected: `0 to ${vocabSize - 1}`,
    given: wrong,
  });
}

function checkLength(
  prompt: PromptHandle | null,
  inputLength: number,
  outputLength: number,
  limits: EngineLimits,
): void {
  const use = { virtual: prompt?.length ?? 0, input: inputLength, output: outputLength };
  const fault = contextFault(limits, use);
  if (fault === null) return;
  const { message, limit, given, isInput } = fault;
  throw new DomainError('unprocessable', 'context_length_exceeded', message, {
    param: isInput ? 'prompt' : 'max_tokens',
    expected: `<= ${limit}`,
    given,
  });
}

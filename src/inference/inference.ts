import { outputRoom } from '../domain/context.ts';
import type { Engine } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { HeadSource } from '../domain/head.ts';
import type {
  ChatMessage,
  ChatRequest,
  ClassifyRequest,
  CompletionRequest,
  Inference,
  ScoreTextsRequest,
} from '../domain/inference.ts';
import type { ModelInfo } from '../domain/model.ts';
import type { Principal } from '../domain/principal.ts';
import { applyTemplate, type ModelReference, parseModelReference } from '../domain/task.ts';
import type { TaskLookups } from '../domain/visibility.ts';
import type { BundleManifest } from '../model/bundle.ts';
import { createChatRenderer } from '../model/chat.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { startGeneration } from './generation.ts';
import { classifyByHead } from './head.ts';
import { encodePrompts, encodeText, encodeTexts } from './input.ts';
import { generationParameters } from './parameters.ts';
import { classifyInputs, scoreTargets } from './rank.ts';
import { assertGenerates, type ReferenceField, resolveTarget } from './target.ts';
import type { TaskUses } from './task-uses.ts';

export interface InferenceOptions {
  readonly engine: Engine;
  readonly store: TaskLookups;
  readonly tokenizer: Tokenizer;
  readonly heads: HeadSource;
  readonly manifest: Pick<BundleManifest, 'tokens' | 'chatTemplate'>;
  /** Told of every task that a request is served with. */
  readonly uses: Pick<TaskUses, 'record'>;
}

/** OpenAI's default for completions; chat goes on to the end of the context. */
const DEFAULT_COMPLETION_TOKENS = 16;

/** Text in, text out, over an engine that knows only token ids. */
export function createInference(options: InferenceOptions): Inference {
  const { engine, store, tokenizer, heads, manifest, uses } = options;
  const { limits, model } = engine;
  const { bos, eos } = manifest.tokens;
  const text = (id: number | null | undefined) => (id == null ? null : (tokenizer.token(id) ?? null));
  const renderChat = createChatRenderer(manifest.chatTemplate, { bos: text(bos), eos: text(eos[0]) });
  const resolve = ({ name, version }: ModelReference, field: ReferenceField, caller: Principal) => {
    const target = resolveTarget(store, model, { name, version }, field, caller);
    if (target.prompt !== null) uses.record(name);
    return target;
  };
  const resolveModel = ({ model: reference, caller }: CompletionRequest | ChatRequest) => {
    const target = resolve(parseModelReference(reference), 'model', caller);
    assertGenerates(target, 'model');
    return target;
  };

  const resolveTask = ({ task: name, version, caller }: ClassifyRequest | ScoreTextsRequest) =>
    resolve({ name, version }, 'task', caller);

  return {
    async complete(request, signal) {
      const target = resolveModel(request);
      const parameters = generationParameters(request, target.defaults);
      const maxTokens = parameters.maxTokens ?? DEFAULT_COMPLETION_TOKENS;
      checkOutput(request, maxTokens);
      checkEcho(request, model);
      const inputs = await encodePrompts(tokenizer, limits, request.prompts, target.template);
      const { echo, logprobs, service_tier: tier } = request;
      const plan = { target, inputs, parameters, echo, logprobs, tier, eos, param: 'prompt' };
      return startGeneration(engine, tokenizer, { ...plan, maxTokens: () => maxTokens }, signal);
    },

    async chat(request: ChatRequest, signal) {
      const target = resolveModel(request);
      const parameters = generationParameters(request, target.defaults);
      const source = renderChat(wrapLastUserMessage(request.messages, target.template));
      // The template writes the special tokens itself.
      const options = { addSpecialTokens: false, param: 'messages' };
      const [ids] = await encodeTexts(tokenizer, limits, [source], options);
      const inputs = [{ ids: ids!, source }];
      const rest = (inputTokens: number) =>
        Math.max(1, outputRoom(limits, target.prompt?.length ?? 0, inputTokens));
      const maxTokens = (inputTokens: number) => parameters.maxTokens ?? rest(inputTokens);
      const { logprobs, service_tier: tier } = request;
      const plan = {
        target,
        inputs,
        parameters,
        maxTokens,
        echo: false,
        logprobs,
        tier,
        eos,
        param: 'messages',
      };
      return startGeneration(engine, tokenizer, plan, signal);
    },

    async classify(request, signal) {
      const target = resolveTask(request);
      if (target.head === null) return classifyInputs(engine, tokenizer, target, request, signal);
      return classifyByHead(engine, tokenizer, target, heads.head(target.head), request, signal);
    },

    async score(request, signal) {
      const target = resolveTask(request);
      assertGenerates(target, 'task');
      return scoreTargets(engine, tokenizer, target, request, signal);
    },

    async tokenize(text, addSpecialTokens) {
      return encodeText(tokenizer, limits, text, { addSpecialTokens, param: 'text' });
    },

    detokenize(ids, skipSpecialTokens) {
      const outside = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= model.vocabSize);
      if (outside !== undefined) {
        throw new DomainError('invalid', 'invalid_token_id', 'A token id lies outside the vocabulary.', {
          param: 'ids',
          expected: `0 to ${model.vocabSize - 1}`,
          given: outside,
        });
      }
      return tokenizer.decode(ids, { skipSpecialTokens });
    },
  };
}

/** With `max_tokens` 0 there is something to answer only when the input is echoed. */
function checkOutput({ echo }: CompletionRequest, maxTokens: number): void {
  if (maxTokens > 0 || echo) return;
  throw new DomainError('invalid', 'nothing_to_generate', '"max_tokens" 0 needs "echo".', {
    param: 'max_tokens',
    expected: 'at least 1, or "echo"',
    given: maxTokens,
  });
}

/** The input of an encoder is read both ways: no token of it has a probability. */
function checkEcho({ echo, logprobs }: CompletionRequest, { id, kind }: ModelInfo): void {
  if (kind === 'decoder' || !echo || logprobs === null) return;
  throw new DomainError(
    'unprocessable',
    'echo_logprobs_unsupported',
    `${id} reads its input with an encoder, which gives no log-probabilities: "echo" or "logprobs", not both.`,
    { param: 'logprobs', expected: 'no "logprobs" with "echo"', given: logprobs },
  );
}

function wrapLastUserMessage(
  messages: readonly ChatMessage[],
  template: string | null,
): readonly ChatMessage[] {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  return messages.map((message, i) =>
    i === last ? { ...message, content: applyTemplate(template, message.content) } : message,
  );
}

import { limitsOfRows, outputRoom } from '../domain/context.ts';
import type { Engine } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { HeadSource } from '../domain/head.ts';
import type {
  AnswerHooks,
  ChatMessage,
  ChatRequest,
  Classification,
  ClassifyRequest,
  CompletionRequest,
  Inference,
  ScoreTextsRequest,
} from '../domain/inference.ts';
import type { ModelInfo } from '../domain/model.ts';
import type { Principal } from '../domain/principal.ts';
import { answeringGroups } from '../domain/serving.ts';
import { applyTemplate, type ModelReference, parseModelReference } from '../domain/task.ts';
import { type TaskLookups, visibleLookups } from '../domain/visibility.ts';
import type { BundleManifest } from '../model/bundle.ts';
import { createChatRenderer } from '../model/chat.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { type GenerationPlan, startGeneration } from './generation.ts';
import { classifyByHead } from './head.ts';
import { decodeText, encodePrompts, encodeText, encodeTexts } from './input.ts';
import { mostTokens } from './logprob-limit.ts';
import { generationParameters } from './parameters.ts';
import { classifyInputs, type Ranked, scoreTargets } from './rank.ts';
import { textsOf, withTexts } from './shadowed-generation.ts';
import { Shadows, sumOfCounts } from './shadows.ts';
import { splitPoint } from './split-point.ts';
import {
  assertGenerates,
  type ReferenceField,
  referenceOf,
  resolveReference,
  type Served,
  turnOwner,
} from './target.ts';
import type { TaskUses } from './task-uses.ts';
import { tokenText } from './token-text.ts';
import { turnOf } from './turn.ts';

export interface InferenceOptions {
  readonly engine: Engine;
  readonly store: TaskLookups;
  readonly tokenizer: Tokenizer;
  readonly heads: HeadSource;
  readonly manifest: Pick<BundleManifest, 'tokens' | 'chatTemplate'>;
  /** Told of every task that a request is served with. */
  readonly uses: Pick<TaskUses, 'record'>;
  /** The service takes new work; else no shadows are asked. */
  isReady(): boolean;
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
  const shadows = new Shadows(options.isReady);
  const resolve = (reference: ModelReference, field: ReferenceField, asking: Asking): Served => {
    const { caller, user, onServed } = asking;
    const point = splitPoint(reference.name, user);
    const served = resolveReference(reference, { store, model, field, caller, point });
    onServed?.(served.servedBy);
    if (served.members[0].prompt !== null) uses.record(reference.name);
    return served;
  };
  /** What does not exist has no turn: names that are made up would count as tasks that want theirs. */
  const isKnown = (name: string, caller: Principal): boolean =>
    name === engine.model.id || visibleLookups(store, caller).getTask(name) !== null;
  const resolveModel = (request: CompletionRequest | ChatRequest): Served => {
    const served = resolve(parseModelReference(request.model), 'model', request);
    assertGenerates(served, 'model');
    checkEnsemble(served, request);
    return served;
  };
  const resolveTask = (request: ClassifyRequest | ScoreTextsRequest): Served =>
    resolve({ name: request.task, versions: request.versions }, 'task', request);

  const classifyWith = (
    { members }: Pick<Served, 'members'>,
    request: ClassifyRequest,
    signal: AbortSignal,
  ): Promise<Ranked<Classification>> => {
    const sources = members.flatMap(({ head }) => head ?? []);
    if (sources.length === 0) return classifyInputs(engine, tokenizer, { members }, request, signal);
    const read = sources.map((source) => heads.head(source));
    return classifyByHead(engine, tokenizer, { members }, read, request, signal);
  };
  const generateWith = (plan: GenerationPlan, { afterAnswer = atOnce }: AnswerHooks, signal: AbortSignal) => {
    const generation = startGeneration(engine, tokenizer, plan, signal);
    const { servedBy, shadow } = plan.served;
    if (shadow === null) return generation;
    const { n } = plan.parameters;
    const echoed = Array.from({ length: generation.choices }, (_, choice) =>
      plan.echo ? plan.inputs[Math.floor(choice / n)]!.ids.length : 0,
    );
    const ask = (count: number) => {
      const served = { servedBy: shadow.servedBy, members: [shadow], shadow: null } as const;
      const quiet = { served, echo: false, logprobs: null, tier: 'flex' } as const;
      const inputs = plan.inputs.slice(0, count / n);
      const { signal: unheard } = new AbortController();
      return textsOf(startGeneration(engine, tokenizer, { ...plan, ...quiet, inputs }, unheard));
    };
    return withTexts(generation, echoed, (answer) => {
      const comparison = { servedBy, shadow: shadow.servedBy, answer, together: n, ask };
      afterAnswer(() => shadows.compare(comparison));
    });
  };

  return {
    assertTurn(request) {
      const { name } = parseModelReference(request.model);
      const prompts = 'prompts' in request ? request.prompts.length : 1;
      // Of one sequence alone, or of one for each version of an ensemble, it is known by now whether it is batch work.
      if (prompts * (request.n ?? 1) > 1 || !isKnown(name, request.caller)) return;
      engine.assertTurn(turnOf(turnOwner(name, request.caller), 1, request.service_tier));
    },

    async complete(request, signal) {
      const served = resolveModel(request);
      const { template, defaults } = served.members[0];
      const parameters = generationParameters(request, defaults);
      const maxTokens = parameters.maxTokens ?? DEFAULT_COMPLETION_TOKENS;
      checkOutput(request, maxTokens);
      checkEcho(request, model);
      const inputs = await encodePrompts(tokenizer, limits, request.prompts, template);
      const { echo, logprobs, service_tier: tier } = request;
      // Nothing is generated that could be compared.
      const shown = maxTokens === 0 ? { ...served, shadow: null } : served;
      const plan = { served: shown, inputs, parameters, echo, logprobs, tier, eos, param: 'prompt' };
      return generateWith({ ...plan, maxTokens: () => maxTokens }, request, signal);
    },

    async chat(request: ChatRequest, signal) {
      const served = resolveModel(request);
      const { template, defaults } = served.members[0];
      const parameters = generationParameters(request, defaults);
      const source = renderChat(wrapLastUserMessage(request.messages, template));
      // The template writes the special tokens itself.
      const options = { addSpecialTokens: false, param: 'messages' };
      const [ids] = await encodeTexts(tokenizer, limits, [source], options);
      const inputs = [{ ids: ids!, source }];
      const rest = (inputTokens: number, members: Served['members']) => {
        const longest = Math.max(...members.map(({ prompt }) => prompt?.length ?? 0));
        const room = outputRoom(limitsOfRows(limits, members.length), longest, inputTokens);
        return Math.max(1, Math.min(room, mostTokens(parameters.n, request.logprobs)));
      };
      const maxTokens: GenerationPlan['maxTokens'] = (...behind) => parameters.maxTokens ?? rest(...behind);
      const { logprobs, service_tier: tier } = request;
      const plan = {
        served,
        inputs,
        parameters,
        maxTokens,
        echo: false,
        logprobs,
        tier,
        eos,
        param: 'messages',
      };
      return generateWith(plan, request, signal);
    },

    async classify(request, signal) {
      const served = resolveTask(request);
      const { servedBy, shadow } = served;
      const ranked = await classifyWith(served, request, signal);
      const labelsOf = ({ results }: Ranked<Classification>) => results.map(({ label }) => label);
      if (shadow !== null) {
        const answer = labelsOf(ranked);
        const ask = async (count: number) => {
          const quiet = { ...request, inputs: request.inputs.slice(0, count), tier: 'flex' as const };
          return labelsOf(await classifyWith({ members: [shadow] }, quiet, new AbortController().signal));
        };
        const comparison = { servedBy, shadow: shadow.servedBy, answer, together: 1, ask };
        const { afterAnswer = atOnce } = request;
        afterAnswer(() => shadows.compare(comparison));
      }
      return { ...ranked, servedBy };
    },

    async score(request, signal) {
      const served = resolveTask(request);
      assertGenerates(served, 'task');
      return {
        ...(await scoreTargets(engine, tokenizer, served, request, signal)),
        servedBy: served.servedBy,
      };
    },

    shadowCounts(task, plan) {
      const shadow = `${task}@${plan.shadow}`;
      const pairs = answeringGroups(plan).map((versions) => ({
        servedBy: referenceOf(task, versions),
        shadow,
      }));
      return sumOfCounts(pairs.map((pair) => shadows.counts(pair)));
    },

    async tokenize(text, addSpecialTokens) {
      return encodeText(tokenizer, limits, text, { addSpecialTokens, param: 'text' });
    },

    token: (id) => tokenText(tokenizer, id),

    async detokenize(ids, skipSpecialTokens) {
      const outside = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= model.vocabSize);
      if (outside !== undefined) {
        throw new DomainError('invalid', 'invalid_token_id', 'A token id lies outside the vocabulary.', {
          param: 'ids',
          expected: `0 to ${model.vocabSize - 1}`,
          given: outside,
        });
      }
      return decodeText(tokenizer, ids, skipSpecialTokens);
    },
  };
}

/** For those who ask without an answer to wait for. */
const atOnce = (work: () => void): void => work();

/** Whose request it is. */
type Asking = Pick<CompletionRequest, 'caller' | 'user' | 'onServed'>;

/** Throws `unprocessable` ensemble_echo_logprobs: no member's log-probabilities of the input are those of the ensemble. */
function checkEnsemble({ servedBy, members }: Served, request: CompletionRequest | ChatRequest): void {
  const asksForInput = 'echo' in request && request.echo && request.logprobs !== null;
  if (members.length === 1 || !asksForInput) return;
  const message = `${servedBy} is an ensemble: "echo" or "logprobs", not both.`;
  throw new DomainError('unprocessable', 'ensemble_echo_logprobs', message, {
    param: 'logprobs',
    expected: 'no "logprobs" with "echo"',
    given: request.logprobs,
  });
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

import type { Engine, GenerateEvent, GenerateRequest } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { Generation, InferenceEvent, ServiceTier } from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { choiceEvents } from './choice.ts';
import { weightOf } from './event-weight.ts';
import type { EncodedInput } from './input.ts';
import { checkContext, checkNotEmpty } from './limits.ts';
import { checkLogprobs } from './logprob-limit.ts';
import { choiceSeed, type GenerationParameters } from './parameters.ts';
import { PushedEvents } from './pushed-events.ts';
import type { Served } from './target.ts';
import { turnOf } from './turn.ts';

/** Output of one generation that may wait for a slow reader: thousands of tokens, hundreds with log-probabilities. */
const MOST_WAITING_BYTES = 2 ** 20;

/** Everything that a generation needs, ready for the engine. */
export interface GenerationPlan {
  readonly served: Served;
  readonly inputs: readonly EncodedInput[];
  readonly parameters: GenerationParameters;
  /** For an input of so many tokens behind the prompts of these. */
  maxTokens(inputTokens: number, members: Served['members']): number;
  readonly echo: boolean;
  readonly logprobs: number | null;
  readonly tier: ServiceTier | undefined;
  /** Every id that ends a generation. */
  readonly eos: readonly number[];
  /** The request field that holds the inputs, for messages. */
  readonly param: string;
}

interface PlannedChoice {
  readonly input: EncodedInput;
  readonly request: GenerateRequest;
}

/**
 * Admits every choice or none, and joins their events. Throws before any work when one cannot run:
 * `unprocessable` context_length_exceeded, empty_input, too_many_choices or too_many_logprobs, and the engine's refusals.
 */
export function startGeneration(
  engine: Engine,
  tokenizer: Tokenizer,
  plan: GenerationPlan,
  signal: AbortSignal,
): Generation {
  const choices = planChoices(engine, plan);
  const controllers = choices.map(() => new AbortController());
  const cancel = (): void => {
    for (const controller of controllers) controller.abort();
  };
  const running = admit(engine, choices, controllers, cancel, signal);

  const rows = plan.served.members.reduce((sum, { prompt }) => sum + (prompt?.length ?? 0), 0);
  const virtualTokens = plan.inputs.length * rows;
  const promptTokens = plan.inputs.reduce((sum, { ids }) => sum + ids.length, 0);
  let completionTokens = 0;
  const events = new PushedEvents<InferenceEvent>(cancel, MOST_WAITING_BYTES);
  const abort = (): void => {
    cancel();
    events.fail(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });

  const pump = async (choice: number): Promise<void> => {
    let begun = false;
    const texts = choiceEvents(tokenizer, running[choice]!, {
      choice,
      input: choices[choice]!.input,
      echo: plan.echo,
      stops: plan.parameters.stop,
      logprobs: plan.logprobs !== null,
      continues: engine.model.kind === 'decoder',
      onToken: () => {
        begun = true;
        completionTokens++;
      },
    });
    for await (const event of texts) {
      // A stop string ends the choice while the engine would still go on.
      if (event.type === 'finish') controllers[choice]!.abort();
      // An echoed input comes at once, however fast the client reads.
      events.push(event, begun ? weightOf(event) : 0);
    }
  };
  void Promise.all(choices.map((_, choice) => pump(choice)))
    .then(
      () => events.end(),
      (error: unknown) => {
        cancel();
        events.fail(error);
      },
    )
    .finally(() => signal.removeEventListener('abort', abort));

  return {
    servedBy: plan.served.servedBy,
    choices: choices.length,
    events,
    usage: () => ({ promptTokens, virtualTokens, completionTokens }),
  };
}

function planChoices(engine: Engine, plan: GenerationPlan): readonly PlannedChoice[] {
  const { served, parameters, inputs } = plan;
  const [first, ...others] = served.members;
  const { maxSequencesPerFlow } = engine.limits;
  const count = inputs.length * parameters.n * served.members.length;
  if (count > maxSequencesPerFlow) {
    throw new DomainError(
      'unprocessable',
      'too_many_choices',
      `${inputs.length} prompts with n = ${parameters.n} and ${served.members.length} version(s) are ${count} sequences; the server holds ${maxSequencesPerFlow} of one task.`,
      { param: 'n', expected: maxSequencesPerFlow, given: count },
    );
  }
  const sized = inputs.map((input) => ({
    input,
    maxTokens: plan.maxTokens(input.ids.length, served.members),
  }));
  let tokens = 0;
  for (const { input, maxTokens } of sized) {
    const length = input.ids.length;
    for (const { prompt } of served.members) {
      checkNotEmpty(prompt, length, plan.param);
      checkContext(engine.limits, prompt, length, maxTokens, 'max_tokens', plan.param);
    }
    tokens += (maxTokens + (plan.echo ? length : 0)) * parameters.n;
  }
  checkLogprobs(count, tokens, plan.logprobs);
  const turn = turnOf(first, count, plan.tier);
  return sized.flatMap(({ input, maxTokens }) =>
    Array.from({ length: parameters.n }, (_, k) => ({
      input,
      request: {
        ...turn,
        prompt: first.prompt,
        ...(others.length > 0 && { others: others.map(({ prompt }) => prompt!) }),
        inputIds: input.ids,
        maxTokens,
        stopTokenIds: parameters.ignoreEos ? [] : plan.eos,
        sampling: { ...parameters.sampling, seed: choiceSeed(parameters.sampling.seed, k) },
        topLogprobs: plan.logprobs,
        inputLogprobs: plan.echo && plan.logprobs !== null,
      },
    })),
  );
}

function admit(
  engine: Engine,
  choices: readonly PlannedChoice[],
  controllers: readonly AbortController[],
  cancel: () => void,
  signal: AbortSignal,
): readonly AsyncIterable<GenerateEvent>[] {
  signal.throwIfAborted();
  const running: AsyncIterable<GenerateEvent>[] = [];
  try {
    for (const [i, { request }] of choices.entries()) {
      running.push(engine.generate(request, controllers[i]!.signal));
    }
  } catch (refusal) {
    // Most refusals are of the first one, and an abort costs as much as the rest of a refusal.
    if (running.length > 0) cancel();
    throw refusal;
  }
  return running;
}

import type {
  FinishReason,
  GenerateEvent,
  GenerateRequest,
  Priority,
  PromptHandle,
  ScoreRequest,
  TokenDetail,
} from '../../domain/engine.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import type { EmbeddingFile } from '../../model/embedding-file.ts';
import { notLoaded } from '../refusals.ts';
import { readDelta, readPromptLogprobs, readWanted } from './answers.ts';
import { type Branch, Continuations } from './continuations.ts';
import type { Counts } from './counts.ts';
import type { Job } from './job.ts';
import type { Presence } from './presence.ts';
import type { PromptRows } from './prompt-rows.ts';
import { badAnswer, engineCannot } from './refusals.ts';
import { generationFields, type ModelInput, promptFields, wantedFields } from './requests.ts';
import type { ServedModel, VllmServer } from './server.ts';
import type { Applicant, Slot, Slots } from './slots.ts';

export interface AtVllmParts {
  readonly server: VllmServer;
  readonly presence: Presence;
  readonly embeddings: Pick<EmbeddingFile, 'rows'>;
  readonly prompts: PromptRows;
  readonly slots: Slots;
  readonly counts: Counts;
  readonly model: ModelInfo;
}

/** Tokens whose log-probabilities vLLM gives in one answer (MAX_LOGPROB_TOKEN_IDS). */
const MOST_WANTED = 128;

/** Questions about the continuations of one input: each is a request to vLLM. */
const MOST_QUESTIONS = 1024;

/** After these nothing is known of vLLM, and it is looked at. */
const SUSPICIOUS: ReadonlySet<string> = new Set(['engine_lost', 'engine_stalled', 'engine_refused']);

type Before = Pick<GenerateRequest, 'prompt' | 'inputIds'>;

/** The work of admitted requests. Everything rejects with a refusal, or when the job is aborted. */
export class AtVllm {
  private readonly parts: AtVllmParts;

  constructor(parts: AtVllmParts) {
    this.parts = parts;
  }

  /** Tells of everything but the end, whose reason it resolves with. */
  async generate(
    request: GenerateRequest,
    job: Job,
    emit: (event: GenerateEvent) => void,
  ): Promise<FinishReason> {
    if (request.inputLogprobs) {
      emit({ type: 'input', logprobs: await this.inputLogprobs(request, request.topLogprobs ?? 0, job) });
    }
    return request.maxTokens === 0 ? 'length' : this.generateTokens(request, job, emit);
  }

  async score(request: ScoreRequest, job: Job): Promise<readonly Float64Array[]> {
    const continuations = new Continuations(request.continuations);
    const { questions } = continuations;
    if (questions.length > MOST_QUESTIONS) {
      const what = `A score of ${questions.length} tokens, each behind others,`;
      throw engineCannot(what, 'target', `<= ${MOST_QUESTIONS}`, questions.length);
    }
    await Promise.all(questions.map((question) => this.answer(question, request, job)));
    return continuations.logprobs();
  }

  async warm(prompt: PromptHandle, priority: Priority, job: Job): Promise<void> {
    const before = { prompt, inputIds: [] };
    const turn = { flow: `${prompt.key}#warm`, priority };
    await this.inSlot(before, 1, turn, job, async ({ id }) => {
      const input = await this.inputOf(before);
      await this.parts.server.best(id, input, 1, this.parts.model.vocabSize, job.signal);
    });
  }

  private async generateTokens(
    request: GenerateRequest,
    job: Job,
    emit: (event: GenerateEvent) => void,
  ): Promise<FinishReason> {
    const { server, counts, model } = this.parts;
    const { maxTokens, topLogprobs, stopTokenIds } = request;
    const stops = new Set(stopTokenIds);
    return this.inSlot(request, maxTokens, request, job, async ({ id: name }, slot) => {
      const input = await this.inputOf(request);
      const fields = { ...generationFields(request), max_tokens: maxTokens };
      let tokens = 0;
      let finish: FinishReason | null = null;
      for await (const event of server.stream(name, input, fields, job.signal)) {
        const delta = readDelta(event, topLogprobs, model.vocabSize);
        if (delta === null) continue;
        tokens += delta.tokens.length;
        if (finish !== null || tokens > maxTokens) throw badAnswer('more tokens than were asked for');
        slot.generated(delta.tokens.length);
        counts.generated += delta.tokens.length;
        const isStop = delta.finish === 'stop' && stops.has(delta.tokens.at(-1)?.id ?? -1);
        // The token at which generation stops is not shown.
        for (const token of isStop ? delta.tokens.slice(0, -1) : delta.tokens)
          emit({ type: 'token', ...token });
        finish = delta.finish;
      }
      return finish ?? missingEnd();
    });
  }

  /** Of a request without a soft prompt: behind one vLLM gives none. */
  private async inputLogprobs(
    request: GenerateRequest,
    topLogprobs: number,
    job: Job,
  ): Promise<(TokenDetail | null)[]> {
    const { inputIds } = request;
    return this.inSlot(request, 1, request, job, async ({ id }) => {
      const fields = promptFields(topLogprobs);
      const answer = await this.parts.server.complete(id, { ids: inputIds }, fields, job.signal);
      return readPromptLogprobs(answer, inputIds, topLogprobs);
    });
  }

  /** The log-probabilities of all that can come at one place. */
  private async answer({ prefix, children }: Branch, request: ScoreRequest, job: Job): Promise<void> {
    const { server, model } = this.parts;
    const before = { prompt: request.prompt, inputIds: [...request.inputIds, ...prefix] };
    const ids = [...children.keys()];
    await this.inSlot(before, 1, request, job, async ({ id: name }) => {
      const input = await this.inputOf(before);
      for (let from = 0; from < ids.length; from += MOST_WANTED) {
        const wanted = ids.slice(from, from + MOST_WANTED);
        const answer = await server.complete(name, input, wantedFields(wanted), job.signal);
        const logprobs = readWanted(answer, wanted, model.vocabSize);
        for (const [i, id] of wanted.entries()) children.get(id)!.logprob = logprobs[i]!;
      }
    });
  }

  /** Waits for a slot, and gives it back whatever happens. */
  private async inSlot<T>(
    { prompt, inputIds }: Before,
    outputLength: number,
    { flow, priority }: Pick<Applicant, 'flow' | 'priority'>,
    job: Job,
    ask: (model: ServedModel, slot: Slot) => Promise<T>,
  ): Promise<T> {
    const { slots, presence, counts } = this.parts;
    const inputLength = (prompt?.length ?? 0) + inputIds.length;
    const slot = await slots.take({ flow, priority, inputLength, outputLength }, job.signal);
    try {
      const waitedMs = job.begun();
      if (waitedMs !== null) counts.waitSeconds.add(waitedMs / 1000);
      if (presence.model === null) throw notLoaded('restarting');
      counts.prefilled += inputLength;
      return await ask(presence.model, slot);
    } catch (error) {
      if (error instanceof DomainError && SUSPICIOUS.has(error.code)) presence.suspect();
      throw error;
    } finally {
      slot.release();
    }
  }

  /** What enters the model: rows of the prompt and behind them those of the input, or ids where there is no prompt. */
  private async inputOf({ prompt, inputIds }: Before): Promise<ModelInput> {
    const { prompts, embeddings, model } = this.parts;
    if (prompt === null) return { ids: inputIds };
    const rows = await Promise.all([prompts.of(prompt), embeddings.rows(inputIds)]);
    return { rows, width: model.tokenDim };
  }
}

function missingEnd(): never {
  throw badAnswer('a stream without a finish_reason');
}

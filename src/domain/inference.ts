import type { FinishReason, TokenDetail } from './engine.ts';
import type { Principal } from './principal.ts';
import type { ServingPlan } from './serving.ts';

/** Text or token ids; ids are used as they are, text is tokenised with the model's special tokens. */
export type PromptInput = string | readonly number[];

/** How urgent a request is; OpenAI's names. `auto`: many sequences are batch work, few are not. */
export type ServiceTier = 'auto' | 'default' | 'flex';

/** Fields of a request under their wire names; a field left out takes the task's default, then the global one. */
export interface GenerationFields {
  readonly model: string;
  readonly max_tokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly top_p?: number | undefined;
  readonly top_k?: number | undefined;
  readonly repetition_penalty?: number | undefined;
  readonly presence_penalty?: number | undefined;
  readonly frequency_penalty?: number | undefined;
  readonly stop?: string | readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly n?: number | undefined;
  readonly ignore_eos?: boolean | undefined;
  readonly service_tier?: ServiceTier | undefined;
  /** Of a split the same user always gets the same version. */
  readonly user?: string | undefined;
}

/** What the inference tells whoever asks. */
export interface AnswerHooks {
  /**
   * Told what answers as soon as it is known, so that a request that is refused or fails later can be counted for it:
   * `task@version`, `task@1+2` of an ensemble, or the base model's id. Not called for a reference to nothing.
   */
  readonly onServed?: (servedBy: string) => void;
  /** Calls `work` when the client has all of its answer, and never when it left before. Left out: at once. */
  readonly afterAnswer?: (work: () => void) => void;
}

/** Whoever asks finds only the tasks that it is granted. */
interface Asked extends AnswerHooks {
  readonly caller: Principal;
}

export interface CompletionRequest extends GenerationFields, Asked {
  readonly prompts: readonly PromptInput[];
  readonly echo: boolean;
  /** Number of top alternatives to report; null: no log-probabilities. */
  readonly logprobs: number | null;
}

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

export interface ChatRequest extends GenerationFields, Asked {
  readonly messages: readonly ChatMessage[];
  readonly logprobs: number | null;
}

/** A token with the text that it added, which can be empty inside a multi-token character. */
export interface OutputToken {
  readonly id: number;
  readonly text: string;
  /** Null without log-probabilities, and for the first token of an echoed input that nothing stands before. */
  readonly detail: TokenDetail | null;
}

/** What a token of the vocabulary is by itself. */
export interface TokenText {
  /** Empty when the bytes are only a part of a character. */
  readonly text: string;
  /** UTF-8; none for an id without a token. */
  readonly bytes: readonly number[];
}

export type InferenceEvent =
  /** A piece of one choice. `text` never ends inside a UTF-8 character and never holds (part of) a stop string. */
  | {
      readonly type: 'delta';
      readonly choice: number;
      readonly text: string;
      readonly tokens: readonly OutputToken[];
    }
  | { readonly type: 'finish'; readonly choice: number; readonly reason: FinishReason };

export interface Usage {
  /** Input tokens; virtual tokens are not counted, they are reported beside it. */
  readonly promptTokens: number;
  readonly virtualTokens: number;
  readonly completionTokens: number;
}

/** A running generation. Choices are numbered prompt by prompt: choice = prompt * n + k. */
export interface Generation {
  /** The reference that served: `task@version`, `task@1+2` of an ensemble, or the base model's id. */
  readonly servedBy: string;
  readonly choices: number;
  /** Those that are there at the same time come together. */
  readonly events: AsyncIterable<readonly InferenceEvent[]>;
  /** Complete once `events` has ended. */
  usage(): Usage;
}

export interface ClassifyRequest extends Asked {
  /** A task (or the base model's id). */
  readonly task: string;
  /** Null: what the task serves with; several: an ensemble. */
  readonly versions: readonly number[] | null;
  readonly inputs: readonly string[];
  /** Null: the task's own labels. Of a version with a classification head: which of its labels to choose from. */
  readonly labels: readonly string[] | null;
  readonly tier?: ServiceTier | undefined;
  readonly user?: string | undefined;
}

export interface ScoreTextsRequest extends Asked {
  /** A task (or the base model's id). */
  readonly task: string;
  /** Null: what the task serves with; several: an ensemble. */
  readonly versions: readonly number[] | null;
  readonly inputs: readonly { readonly text: string; readonly target: string }[];
  readonly tier?: ServiceTier | undefined;
  readonly user?: string | undefined;
}

export interface Classification {
  readonly label: string;
  /** Softmax over the labels' log-likelihoods; sums to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /**
   * Log-likelihood of each label as a continuation, in the order of the labels, in nats; of a classification head its
   * log-probability. Of an ensemble the log of the members' mean likelihood.
   */
  readonly logliks: readonly number[];
  /** What the members of an ensemble said; null: one version answered. */
  readonly vote: Vote | null;
}

/** The label with the most votes is chosen; of equals the one with the largest mean probability. */
export interface Vote {
  /** Members by the label that they chose. */
  readonly votes: Readonly<Record<string, number>>;
  /** The part of the members that chose the label, in (0, 1]. */
  readonly agreement: number;
}

/** Answers to all inputs of a request, in order. */
export interface Answers<T> {
  readonly results: readonly T[];
  readonly usage: Usage;
  /** `task@version`, `task@1+2` of an ensemble, or the base model's id. */
  readonly servedBy: string;
}

export interface ScoredText {
  /** Sum of log p(target tokens | prompt, text), in nats. */
  readonly loglik: number;
  /** Number of target tokens. */
  readonly tokens: number;
}

/** Inputs that were classified, and choices: how often a shadow said what the client got, the same label or text. */
export interface ShadowCounts {
  readonly same: number;
  readonly different: number;
  readonly failed: number;
  /** Not asked: the server was busy, or not ready. */
  readonly skipped: number;
}

/** Text in, text out, over an engine that knows only token ids. */
export interface Inference {
  /**
   * Throws `contended` queue_wait when one more sequence would wait too long. Under overload most requests are refused, so
   * this comes before they are planned and tokenised, and before anything is made for them. A request that it lets pass may
   * still be refused.
   */
  assertTurn(request: CompletionRequest | ChatRequest): void;
  /** Resolves when every choice has been admitted; rejects before any work when the request cannot run. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<Generation>;
  chat(request: ChatRequest, signal: AbortSignal): Promise<Generation>;
  classify(request: ClassifyRequest, signal: AbortSignal): Promise<Answers<Classification>>;
  score(request: ScoreTextsRequest, signal: AbortSignal): Promise<Answers<ScoredText>>;
  /** Rejects with `unprocessable` context_length_exceeded for a text that no request could hold. */
  tokenize(
    text: string,
    addSpecialTokens: boolean,
  ): Promise<{ readonly ids: readonly number[]; readonly tokens: readonly string[] }>;
  /** Of any id. */
  token(id: number): TokenText;
  /** Rejects with `invalid` for ids outside the vocabulary. */
  detokenize(ids: readonly number[], skipSpecialTokens: boolean): Promise<string>;
  /** Of the plan's shadow behind what the plan answers with, since the start of the process. */
  shadowCounts(task: string, plan: ServingPlan): ShadowCounts;
}

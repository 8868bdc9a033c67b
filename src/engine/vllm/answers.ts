import type { FinishReason, TokenDetail, TokenLogprob } from '../../domain/engine.ts';
import { badAnswer, engineRefused } from './refusals.ts';

/** Tokens that a step brought. */
export interface Delta {
  readonly tokens: readonly { readonly id: number; readonly detail: TokenDetail | null }[];
  /** Null: more follow. */
  readonly finish: FinishReason | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** How tokens are named with `return_tokens_as_token_ids`. */
const TOKEN_NAME = /^token_id:(\d{1,10})$/;

/**
 * The one choice of an answer or of an event of a stream; null when an event has none, as the last one of usage.
 * @param topLogprobs alternatives that were asked for; null: no log-probabilities
 * Throws `unavailable` engine_bad_answer, and engine_refused for an error that came inside a stream.
 */
export function readDelta(value: unknown, topLogprobs: number | null, vocabSize: number): Delta | null {
  const choice = choiceOf(value);
  if (choice === null) return null;
  const ids = list(choice.token_ids, 'token_ids').map((id) => tokenId(id, vocabSize));
  const details = topLogprobs === null ? null : detailsOf(choice.logprobs, ids, topLogprobs, vocabSize);
  return {
    tokens: ids.map((id, i) => ({ id, detail: details === null ? null : details[i]! })),
    finish: finishOf(choice.finish_reason),
  };
}

/** Log-probabilities of the wanted tokens, in their order, in an answer of one token. Throws as {@link readDelta} does. */
export function readWanted(value: unknown, wanted: readonly number[], vocabSize: number): number[] {
  const logprobs = fields(choiceOf(value)?.logprobs, 'logprobs');
  const [first] = list(logprobs.top_logprobs, 'top_logprobs');
  const known = new Map(alternatives(first, vocabSize).map(({ id, logprob }) => [id, logprob]));
  return wanted.map((id) => known.get(id) ?? missing(`no log-probability of token ${id}`));
}

/** For each token of a prompt of ids its log-probability, null for the first. Throws as {@link readDelta} does. */
export function readPromptLogprobs(
  value: unknown,
  ids: readonly number[],
  topLogprobs: number,
): (TokenDetail | null)[] {
  const entries = list(choiceOf(value)?.prompt_logprobs, 'prompt_logprobs');
  if (entries.length !== ids.length) throw badAnswer('prompt_logprobs of another length than the prompt');
  return entries.map((entry, i) => {
    if (entry === null && i === 0) return null;
    const all = Object.entries(fields(entry, 'prompt_logprobs')).map(([id, of]) => ({
      id: Number(id),
      logprob: logprobOf(fields(of, 'prompt_logprobs').logprob),
    }));
    return detailOf(ids[i]!, all, topLogprobs);
  });
}

function choiceOf(value: unknown): Fields | null {
  const { choices, error } = fields(value, 'the answer');
  if (error !== undefined) {
    const { code, message } = fields(error, 'error');
    throw engineRefused(Number(code) || 500, String(message).slice(0, 500));
  }
  const [choice] = list(choices, 'choices');
  return choice === undefined ? null : fields(choice, 'choices[0]');
}

function detailsOf(
  value: unknown,
  ids: readonly number[],
  topLogprobs: number,
  vocabSize: number,
): readonly TokenDetail[] {
  const logprobs = fields(value, 'logprobs');
  const chosen = list(logprobs.token_logprobs, 'token_logprobs');
  const tops = list(logprobs.top_logprobs, 'top_logprobs');
  if (chosen.length !== ids.length || tops.length !== ids.length) {
    throw badAnswer('log-probabilities of another number of tokens');
  }
  return ids.map((id, i) =>
    detailOf(id, [{ id, logprob: logprobOf(chosen[i]) }, ...alternatives(tops[i], vocabSize)], topLogprobs),
  );
}

/** vLLM gives the chosen token among its alternatives, also when it is not one of the best. */
function detailOf(id: number, all: readonly TokenLogprob[], topLogprobs: number): TokenDetail {
  const logprobs = new Map(all.map((token) => [token.id, token.logprob]));
  const best = Array.from(logprobs, ([token, logprob]) => ({ id: token, logprob }));
  best.sort((a, b) => b.logprob - a.logprob || a.id - b.id);
  return {
    logprob: logprobs.get(id) ?? missing(`no log-probability of token ${id}`),
    top: best.slice(0, topLogprobs),
  };
}

function alternatives(value: unknown, vocabSize: number): TokenLogprob[] {
  return Object.entries(fields(value, 'top_logprobs')).map(([name, logprob]) => {
    const id = TOKEN_NAME.exec(name)?.[1] ?? missing('a token that is not named by its id');
    return { id: tokenId(Number(id), vocabSize), logprob: logprobOf(logprob) };
  });
}

function finishOf(value: unknown): FinishReason | null {
  if (value === null || value === undefined) return null;
  if (value === 'stop' || value === 'length') return value;
  throw badAnswer(`finish_reason ${JSON.stringify(value)}`);
}

function tokenId(value: unknown, vocabSize: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < vocabSize) return value;
  throw badAnswer('a token id outside the vocabulary');
}

function logprobOf(value: unknown): number {
  // -9999 stands for minus infinity, which JSON does not have.
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw badAnswer('a log-probability that is no number');
}

function fields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw badAnswer(`${what} is no object`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw badAnswer(`${what} is no list`);
}

function missing(reason: string): never {
  throw badAnswer(reason);
}

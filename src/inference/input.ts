import type { EngineLimits } from '../domain/engine.ts';
import type { PromptInput } from '../domain/inference.ts';
import { applyTemplate } from '../domain/task.ts';
import type { EncodedText, Tokenizer } from '../model/tokenizer.ts';
import { checkTextSize, checkTokenCount } from './limits.ts';
import { ThreadTurn } from './thread-turn.ts';

/** A model input, and the text that each of its tokens adds (for `echo`). */
export interface EncodedInput {
  readonly ids: readonly number[];
  /** Null: token ids that the client gave. */
  readonly source: string | null;
}

/**
 * Tokenises texts in order, in short turns, so that other requests go on. Throws `unprocessable`
 * context_length_exceeded as soon as one text is sure to have more tokens than the context holds.
 */
export async function encodeTexts(
  tokenizer: Tokenizer,
  limits: EngineLimits,
  texts: readonly string[],
  options: EncodeOptions,
): Promise<number[][]> {
  for (const text of texts) checkTextSize(limits, tokenizer, text, options.param);
  const turn = new ThreadTurn();
  const encoded: number[][] = [];
  for (const text of texts) encoded.push([...(await inTurns(tokenizer, limits, text, options, turn)).ids]);
  return encoded;
}

/** {@link encodeTexts} of one text, with the token strings. */
export async function encodeText(
  tokenizer: Tokenizer,
  limits: EngineLimits,
  text: string,
  options: EncodeOptions,
): Promise<EncodedText> {
  checkTextSize(limits, tokenizer, text, options.param);
  return inTurns(tokenizer, limits, text, options, new ThreadTurn());
}

/** Tokens that become text at once: a fraction of a millisecond. */
const PIECE = 1024;

/** The text of any number of tokens, in short turns. */
export async function decodeText(
  tokenizer: Tokenizer,
  ids: readonly number[],
  skipSpecialTokens: boolean,
): Promise<string> {
  const stream = tokenizer.textStream({ skipSpecialTokens, continues: false });
  const turn = new ThreadTurn();
  let text = '';
  for (let start = 0; start < ids.length; start += PIECE) {
    if (turn.isOver(ids.length)) await turn.next();
    text += stream.pushAll(ids.slice(start, start + PIECE));
  }
  return text + stream.flush();
}

interface EncodeOptions {
  readonly addSpecialTokens: boolean;
  /** The request field that holds the text, for messages. */
  readonly param: string;
}

async function inTurns(
  tokenizer: Tokenizer,
  limits: EngineLimits,
  text: string,
  options: EncodeOptions,
  turn: ThreadTurn,
): Promise<EncodedText> {
  const steps = tokenizer.encodeSteps(text, options);
  for (let found = 0; ; ) {
    if (turn.isOver(text.length)) await turn.next();
    const step = steps.next();
    if (step.done) return step.value;
    // Not before there is more to come: of a whole text the caller says exactly how much is too much.
    checkTokenCount(limits, found, options.param);
    found = step.value;
  }
}

/** Strings are put into the template and tokenised with special tokens; token ids stay as they are. */
export async function encodePrompts(
  tokenizer: Tokenizer,
  limits: EngineLimits,
  prompts: readonly PromptInput[],
  template: string | null,
): Promise<readonly EncodedInput[]> {
  const texts = prompts.map((prompt) =>
    typeof prompt === 'string' ? applyTemplate(template, prompt) : null,
  );
  const given = texts.filter((text) => text !== null);
  const encoded = await encodeTexts(tokenizer, limits, given, { addSpecialTokens: true, param: 'prompt' });
  return prompts.map((prompt, i) =>
    typeof prompt === 'string' ? { ids: encoded.shift()!, source: texts[i]! } : { ids: prompt, source: null },
  );
}

/**
 * The text that each input token adds, one after the other. Special tokens that the client wrote are shown; a BOS or EOS that only the
 * tokenizer put around a text adds nothing.
 */
export function* inputTexts(
  tokenizer: Tokenizer,
  { ids, source }: EncodedInput,
): Generator<string, undefined> {
  const addsSpecial = (id: number | undefined, written: (token: string) => boolean): boolean =>
    source !== null && id !== undefined && tokenizer.isSpecial(id) && !written(tokenizer.token(id)!);
  const begun = addsSpecial(ids[0], (token) => source!.startsWith(token));
  const ended = addsSpecial(ids.at(-1), (token) => source!.endsWith(token));
  const last = ids.length - 1;
  const stream = tokenizer.textStream({ skipSpecialTokens: false, continues: source === null });
  for (const [i, id] of ids.entries()) {
    const isAdded = (i === 0 && begun) || (i === last && ended);
    const text = isAdded ? '' : stream.push(id);
    yield i === last ? text + stream.flush() : text;
  }
}

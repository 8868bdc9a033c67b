import { setImmediate } from 'node:timers/promises';
import type { EngineLimits } from '../domain/engine.ts';
import type { PromptInput } from '../domain/inference.ts';
import { applyTemplate } from '../domain/task.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { checkTextSize } from './limits.ts';

/** A model input, and the text that each of its tokens adds (for `echo`). */
export interface EncodedInput {
  readonly ids: readonly number[];
  /** Null: token ids that the client gave. */
  readonly source: string | null;
}

/** Characters that are tokenised before other work of the process gets its turn (some 20 ms). */
const CHARACTERS_A_TURN = 16_384;

/** Tokenises texts in order, without keeping the event loop from other requests between them. */
export async function encodeTexts(
  tokenizer: Tokenizer,
  limits: EngineLimits,
  texts: readonly string[],
  options: { readonly addSpecialTokens: boolean; readonly param: string },
): Promise<number[][]> {
  for (const text of texts) checkTextSize(limits, tokenizer, text, options.param);
  const encoded: number[][] = [];
  let characters = 0;
  for (const text of texts) {
    characters += text.length;
    if (characters > CHARACTERS_A_TURN) {
      await setImmediate();
      characters = 0;
    }
    encoded.push([...tokenizer.encode(text, options).ids]);
  }
  return encoded;
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
 * The text that each input token adds. Special tokens that the client wrote are shown; a BOS that only the
 * tokenizer put in front of a text adds nothing.
 */
export function inputTexts(tokenizer: Tokenizer, { ids, source }: EncodedInput): string[] {
  const first = ids[0];
  const added =
    source !== null && first !== undefined && tokenizer.isSpecial(first)
      ? !source.startsWith(tokenizer.token(first)!)
      : false;
  const stream = tokenizer.textStream({ skipSpecialTokens: false, continues: source === null });
  const texts = ids.map((id, i) => (i === 0 && added ? '' : stream.push(id)));
  const rest = stream.flush();
  if (rest !== '') texts[texts.length - 1] += rest;
  return texts;
}

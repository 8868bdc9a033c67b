import type { TokenDetail } from '../domain/engine.ts';
import type { OutputToken } from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { type EncodedInput, inputTexts } from './input.ts';
import { ThreadTurn } from './thread-turn.ts';

/** Tokens of one piece; a token with its alternatives is as much work as a hundred without. */
const PIECE = 1024;
const DETAILED_PIECE = 16;

/** Gives the next `count` tokens of the input in pieces, with their log-probabilities if there are any. */
type NextTokens = (
  count: number,
  details: readonly (TokenDetail | null)[] | null,
) => AsyncGenerator<readonly OutputToken[]>;

/** The tokens of an input that is echoed, in short turns: it can be as long as the context. */
export function echoTokens(tokenizer: Tokenizer, input: EncodedInput): NextTokens {
  const texts = inputTexts(tokenizer, input);
  const turn = new ThreadTurn();
  let next = 0;
  return async function* (count, details) {
    const size = details === null ? PIECE : DETAILED_PIECE;
    for (let done = 0; done < count; done += size) {
      if (turn.isOver(count)) await turn.next();
      const length = Math.min(size, count - done);
      yield Array.from({ length }, (_, at) => ({
        id: input.ids[next++]!,
        text: texts.next().value!,
        detail: details?.[done + at] ?? null,
      }));
    }
  };
}

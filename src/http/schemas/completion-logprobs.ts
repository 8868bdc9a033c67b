import { type Static, Type } from 'typebox';
import type { TokenLogprobText } from '../../domain/inference.ts';
import { nullable } from './common.ts';

/** Log-probabilities in the form of OpenAI's completions. The lists run parallel, one entry a token. */
export const CompletionLogprobs = Type.Object({
  tokens: Type.Array(Type.String()),
  token_logprobs: Type.Array(nullable(Type.Number()), {
    description: 'In nats; null for a first input token that nothing stands before.',
  }),
  top_logprobs: Type.Array(
    nullable(
      Type.Unsafe<Record<string, number>>({ type: 'object', additionalProperties: { type: 'number' } }),
    ),
    { description: 'The most likely tokens and the chosen one.' },
  ),
  text_offset: Type.Array(Type.Integer(), {
    description: 'Where each token starts in the text, in code points.',
  }),
});

/** Writes the log-probabilities of one choice, piece by piece: offsets go on from piece to piece. */
export class CompletionLogprobsWriter {
  #offset = 0;

  write(tokens: readonly TokenLogprobText[]): Static<typeof CompletionLogprobs> {
    return {
      tokens: tokens.map(label),
      token_logprobs: tokens.map(({ logprob }) => logprob),
      top_logprobs: tokens.map(topLogprobs),
      text_offset: tokens.map(({ text }) => {
        const offset = this.#offset;
        this.#offset += Array.from(text).length;
        return offset;
      }),
    };
  }
}

function topLogprobs(token: TokenLogprobText): Record<string, number> | null {
  if (token.logprob === null) return null;
  // From the least likely on, so that of two tokens with one label the likelier stays.
  const entries = token.top.map((top) => [label(top), top.logprob] as const).reverse();
  return Object.fromEntries([[label(token), token.logprob], ...entries]);
}

/** The token's text, or its bytes as OpenAI writes them when it is only a part of a character. */
function label({ text, bytes }: { readonly text: string; readonly bytes: readonly number[] }): string {
  if (text !== '' || bytes.length === 0) return text;
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}

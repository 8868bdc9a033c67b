import { isUtf8 } from 'node:buffer';
import { type Static, Type } from 'typebox';
import type { TokenLogprobText } from '../../domain/inference.ts';
import { component } from '../openapi/component.ts';
import { nullable } from './common.ts';

/** Log-probabilities in the form of OpenAI's completions. The lists run parallel, one entry a token. */
export const CompletionLogprobs = Type.Object(
  {
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
  },
  component('CompletionLogprobs'),
);

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

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The token as text, or its bytes as OpenAI writes them when they are only a part of a character. It depends on
 * the token alone, so that a chosen token and the same token among the alternatives have one label. An id that
 * the tokenizer has no token for is named by its number, as vLLM does.
 */
function label({ id, bytes }: { readonly id: number; readonly bytes: readonly number[] }): string {
  if (bytes.length === 0) return `token_id:${id}`;
  const encoded = Uint8Array.from(bytes);
  // Asked first: an exception costs a hundred times as much, and there are twenty labels a token.
  if (isUtf8(encoded)) return utf8.decode(encoded);
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}

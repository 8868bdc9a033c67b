import { isUtf8 } from 'node:buffer';
import type { TokenDetail } from '../domain/engine.ts';
import type { TokenLogprobText } from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';

/** Describes a token and its alternatives for a client. `detail` null: nothing stands before the token. */
export function describeToken(
  tokenizer: Tokenizer,
  token: { readonly id: number; readonly text: string; readonly detail: TokenDetail | null },
): TokenLogprobText {
  const { id, text, detail } = token;
  return {
    id,
    text,
    bytes: [...tokenizer.tokenBytes(id)],
    logprob: detail?.logprob ?? null,
    top: (detail?.top ?? []).map((top) => {
      const bytes = tokenizer.tokenBytes(top.id);
      return { id: top.id, text: textOf(bytes), bytes: [...bytes], logprob: top.logprob };
    }),
  };
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Empty when the bytes are only a part of a character. Asked first: an exception costs a hundred times as much. */
function textOf(bytes: Uint8Array): string {
  return isUtf8(bytes) ? utf8.decode(bytes) : '';
}

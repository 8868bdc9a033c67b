import { isUtf8 } from 'node:buffer';
import type { TokenText } from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Describes a token for a client. */
export function tokenText(tokenizer: Pick<Tokenizer, 'tokenBytes'>, id: number): TokenText {
  const bytes = tokenizer.tokenBytes(id);
  // Asked first: an exception costs a hundred times as much.
  return { text: isUtf8(bytes) ? utf8.decode(bytes) : '', bytes: [...bytes] };
}

import type { TokenText } from '../../domain/inference.ts';

/** What responses say of a token of the vocabulary, as JSON. Each is written once: one response can name a million tokens. */
export class TokenJson {
  private readonly textOf: (id: number) => TokenText;
  private readonly labels = new Map<number, string>();
  private readonly bytes = new Map<number, string>();
  private readonly alternatives = new Map<number, string>();

  constructor(textOf: (id: number) => TokenText) {
    this.textOf = textOf;
  }

  /**
   * How OpenAI's completions name it: the token as text, or its bytes when they are only a part of a character. It depends on
   * the token alone, so that a chosen token and the same token among the alternatives have one label. An id that the
   * tokenizer has no token for is named by its number, as vLLM does.
   */
  label(id: number): string {
    return remember(this.labels, id, () => {
      const { text, bytes } = this.textOf(id);
      if (bytes.length === 0) return JSON.stringify(`token_id:${id}`);
      if (text !== '') return JSON.stringify(text);
      const escaped = bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
      return JSON.stringify(`bytes:${escaped.join('')}`);
    });
  }

  /** Its UTF-8 bytes, a list. */
  bytesOf(id: number): string {
    return remember(this.bytes, id, () => `[${this.textOf(id).bytes.join(',')}]`);
  }

  /** The members `token` and `bytes` of OpenAI's chat completions, for an alternative. */
  alternative(id: number): string {
    return remember(this.alternatives, id, () => {
      const { text } = this.textOf(id);
      return `"token":${JSON.stringify(text)},"bytes":${this.bytesOf(id)}`;
    });
  }
}

function remember(known: Map<number, string>, id: number, write: () => string): string {
  let json = known.get(id);
  if (json === undefined) {
    json = write();
    known.set(id, json);
  }
  return json;
}

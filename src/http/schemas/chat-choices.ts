import { type Static, Type } from 'typebox';
import type { OutputToken } from '../../domain/inference.ts';
import { asItIs, jsonList, numberJson } from '../json-bytes.ts';
import { component } from '../openapi/component.ts';
import type { ChoiceForm, LogprobsWriter } from '../streaming/choice-content.ts';
import type { TokenJson } from '../streaming/token-json.ts';
import { FinishReason, nullable } from './common.ts';

const Alternative = {
  token: Type.String(),
  logprob: Type.Number({ description: 'In nats.' }),
  bytes: Type.Array(Type.Integer(), { description: 'UTF-8 bytes of the token.' }),
};

const TopLogprob = Type.Object(Alternative, component('ChatTopLogprob'));
const TokenLogprob = Type.Object(
  { ...Alternative, top_logprobs: Type.Array(TopLogprob) },
  component('ChatTokenLogprob'),
);
const ChatLogprobs = Type.Object(
  { content: Type.Array(TokenLogprob), refusal: Type.Null() },
  component('ChatLogprobs'),
);

export const ChatChoice = Type.Object(
  {
    index: Type.Integer(),
    message: Type.Object(
      {
        role: Type.Literal('assistant'),
        content: Type.String(),
        refusal: Type.Null(),
      },
      component('ChatAnswer'),
    ),
    finish_reason: FinishReason,
    logprobs: Type.Union([ChatLogprobs, Type.Null()]),
    token_ids: Type.Optional(Type.Array(Type.Integer())),
  },
  component('ChatChoice'),
);

const Delta = Type.Object(
  {
    role: Type.Optional(Type.Literal('assistant', { description: 'In the first chunk of a choice.' })),
    content: Type.Optional(Type.String({ description: 'The next piece of the text.' })),
  },
  component('ChatDelta'),
);

export const ChatChunkChoice = Type.Object(
  {
    index: Type.Integer(),
    delta: Delta,
    finish_reason: nullable(FinishReason),
    logprobs: Type.Union([ChatLogprobs, Type.Null()]),
    token_ids: Type.Optional(Type.Array(Type.Integer())),
  },
  component('ChatChunkChoice'),
);
type ChatChunkChoice = Static<typeof ChatChunkChoice>;
type ChatChoice = Static<typeof ChatChoice>;

type Own<T> = Omit<T, 'logprobs' | 'token_ids'>;

/** The choices of a chat completion; streamed first the role, then pieces of content, then the reason. */
export const chatForm: ChoiceForm = {
  opening: (index): ChatChunkChoice => ({
    index,
    delta: { role: 'assistant', content: '' },
    logprobs: null,
    finish_reason: null,
  }),
  piece: (index, content): Own<ChatChunkChoice> => ({ index, delta: { content }, finish_reason: null }),
  finish: (index, finish_reason): ChatChunkChoice => ({ index, delta: {}, logprobs: null, finish_reason }),
  whole: (index, content, finish_reason): Own<ChatChoice> => ({
    index,
    message: { role: 'assistant', content, refusal: null },
    finish_reason,
  }),
  logprobs: (tokens) => new ChatLogprobsWriter(tokens),
};

/** The log-probabilities of one choice, see {@link ChatLogprobs}. */
class ChatLogprobsWriter implements LogprobsWriter {
  readonly #json: TokenJson;
  #entries: string[] = [];

  constructor(json: TokenJson) {
    this.#json = json;
  }

  add(tokens: readonly OutputToken[]): void {
    for (const token of tokens) this.#entries.push(this.#entry(token));
  }

  *take(): Generator<string> {
    const entries = this.#entries;
    this.#entries = [];
    yield '{"content":';
    yield* jsonList(entries, asItIs);
    yield ',"refusal":null}';
  }

  #entry({ id, text, detail }: OutputToken): string {
    if (detail === null) throw new Error('A chat output token has no log-probability.');
    const json = this.#json;
    const others = detail.top.map(
      (other) => `{${json.alternative(other.id)},"logprob":${numberJson(other.logprob)}}`,
    );
    const own = `"token":${JSON.stringify(text)},"logprob":${numberJson(detail.logprob)},"bytes":${json.bytesOf(id)}`;
    return `{${own},"top_logprobs":[${others.join(',')}]}`;
  }
}

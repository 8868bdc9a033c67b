import { type Static, Type } from 'typebox';
import type { TokenLogprobText } from '../../domain/inference.ts';
import { component } from '../openapi/component.ts';
import type { ChunkForm } from '../streaming/chunks.ts';
import type { CollectedChoice } from '../streaming/collect.ts';
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

/** Which parts of its choices a client asked for. */
export interface ChatChoiceOptions {
  readonly logprobs: boolean;
  readonly tokenIds: boolean;
}

export function chatChoice(choice: CollectedChoice, options: ChatChoiceOptions): Static<typeof ChatChoice> {
  return {
    index: choice.index,
    message: { role: 'assistant', content: choice.text, refusal: null },
    finish_reason: choice.reason,
    logprobs: options.logprobs ? chatLogprobs(choice.logprobs) : null,
    ...(options.tokenIds && { token_ids: [...choice.tokenIds] }),
  };
}

/** The choices of a streamed chat completion: first the role, then pieces of content, then the reason. */
export function chatChunkForm(options: ChatChoiceOptions): ChunkForm {
  const choice = (
    index: number,
    delta: Static<typeof Delta>,
    finish_reason: ChatChunkChoice['finish_reason'] = null,
  ): ChatChunkChoice => ({
    index,
    delta,
    logprobs: null,
    finish_reason,
  });
  return {
    opening: (index) => choice(index, { role: 'assistant', content: '' }),
    delta: ({ choice: index, text, tokenIds, logprobs }) =>
      text === '' && !options.logprobs && !options.tokenIds
        ? null
        : {
            ...choice(index, { content: text }),
            ...(options.logprobs && { logprobs: chatLogprobs(logprobs) }),
            ...(options.tokenIds && { token_ids: [...tokenIds] }),
          },
    finish: (index, reason) => choice(index, {}, reason),
  };
}

function chatLogprobs(tokens: readonly TokenLogprobText[]): Static<typeof ChatLogprobs> {
  const content = tokens.map(({ text, logprob, bytes, top }) => {
    if (logprob === null) throw new Error('A chat output token has no log-probability.');
    return {
      token: text,
      logprob,
      bytes: [...bytes],
      top_logprobs: top.map((other) => ({
        token: other.text,
        logprob: other.logprob,
        bytes: [...other.bytes],
      })),
    };
  });
  return { content, refusal: null };
}

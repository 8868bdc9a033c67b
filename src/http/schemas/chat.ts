import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { ChatMessage, ChatRequest } from '../../domain/inference.ts';
import type { Principal } from '../../domain/principal.ts';
import { component } from '../openapi/component.ts';
import { MAX_MESSAGES, Text } from './bounds.ts';
import { ChatChoice, ChatChunkChoice } from './chat-choices.ts';
import { EXAMPLE_USAGE, oneOf, optional, StreamedUsage, UsageSchema } from './common.ts';
import { GenerationProperties, generationFields, MaxCompletionTokens } from './generation.ts';

import { ServedBy } from './task-inference.ts';

const TextPart = Type.Object(
  { type: Type.Literal('text'), text: Text },
  { additionalProperties: false, ...component('ChatTextPart') },
);

const Message = Type.Object(
  {
    role: oneOf('system', 'user', 'assistant'),
    content: Type.Union([Text, Type.Array(TextPart, { minItems: 1, maxItems: MAX_MESSAGES })], {
      title: 'a string or a list of parts {"type": "text", "text": ...}',
      description: 'Several parts are joined with line breaks.',
    }),
  },
  { additionalProperties: false, ...component('ChatMessage') },
);

export const ChatBody = Type.Object(
  {
    ...GenerationProperties,
    messages: Type.Array(Message, { minItems: 1, maxItems: MAX_MESSAGES }),
    max_completion_tokens: MaxCompletionTokens,
    logprobs: optional(Type.Boolean({ description: 'Report log-probabilities.' })),
    top_logprobs: optional(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        description:
          'Alternatives at each token; needs `logprobs`. At most 1,048,576 log-probabilities of all tokens and choices together.',
      }),
    ),
  },
  {
    ...component('ChatCompletionRequest'),
    additionalProperties: false,
    examples: [{ model: 'sentiment', messages: [{ role: 'user', content: 'Hello!' }], max_tokens: 16 }],
  },
);
export type ChatBody = Static<typeof ChatBody>;

const Envelope = {
  id: Type.String(),
  created: Type.Integer({ description: 'Unix seconds.' }),
  model: ServedBy,
};

export const ChatCompletionSchema = Type.Object(
  {
    ...Envelope,
    object: Type.Literal('chat.completion'),
    choices: Type.Array(ChatChoice),
    usage: UsageSchema,
  },
  component('ChatCompletion'),
);
export type ChatCompletion = Static<typeof ChatCompletionSchema>;

const EXAMPLE_ENVELOPE = { id: 'chatcmpl-7f1f3a0e', created: 1767225600, model: 'sentiment@1' };

export const EXAMPLE_CHAT_COMPLETION: ChatCompletion = {
  ...EXAMPLE_ENVELOPE,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hi!', refusal: null },
      finish_reason: 'stop',
      logprobs: null,
    },
  ],
  usage: EXAMPLE_USAGE,
};

/** An event of a stream. */
export const ChatChunkSchema = Type.Object(
  {
    ...Envelope,
    object: Type.Literal('chat.completion.chunk'),
    choices: Type.Array(ChatChunkChoice, { description: 'One; none in the chunk with the usage.' }),
    usage: StreamedUsage,
  },
  component('ChatCompletionChunk'),
);

const EXAMPLE_CHUNK = { ...EXAMPLE_ENVELOPE, object: 'chat.completion.chunk' } as const;

export const EXAMPLE_CHAT_CHUNKS: Static<typeof ChatChunkSchema>[] = [
  {
    ...EXAMPLE_CHUNK,
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }],
  },
  {
    ...EXAMPLE_CHUNK,
    choices: [{ index: 0, delta: { content: 'Hi!' }, logprobs: null, finish_reason: null }],
  },
  { ...EXAMPLE_CHUNK, choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }] },
];

/** Throws `invalid` for fields that contradict each other. */
export function chatRequest(body: ChatBody, caller: Principal): ChatRequest {
  if (typeof body.top_logprobs === 'number' && body.logprobs !== true) {
    throw new DomainError(
      'invalid',
      'top_logprobs_without_logprobs',
      '"top_logprobs" needs "logprobs": true.',
      {
        param: 'top_logprobs',
      },
    );
  }
  const { max_completion_tokens: synonym } = body;
  if (typeof synonym === 'number' && typeof body.max_tokens === 'number') {
    const message = 'Give either "max_tokens" or "max_completion_tokens".';
    throw new DomainError('invalid', 'duplicate_field', message, { param: 'max_completion_tokens' });
  }
  return {
    ...generationFields({ ...body, max_tokens: body.max_tokens ?? synonym ?? null }),
    messages: body.messages.map(chatMessage),
    logprobs: body.logprobs ? (body.top_logprobs ?? 0) : null,
    caller,
  };
}

function chatMessage({ role, content }: Static<typeof Message>): ChatMessage {
  return {
    role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join('\n'),
  };
}

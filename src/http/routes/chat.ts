import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { AppDependencies } from '../dependencies.ts';
import { sendJson } from '../json-bytes.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import { requireReady } from '../plugins/readiness.ts';
import {
  ChatBody,
  ChatChunkSchema,
  ChatCompletionSchema,
  chatRequest,
  EXAMPLE_CHAT_CHUNKS,
  EXAMPLE_CHAT_COMPLETION,
} from '../schemas/chat.ts';
import { chatForm } from '../schemas/chat-choices.ts';
import { includesUsage } from '../schemas/generation.ts';
import { jsonOrEvents, problems } from '../schemas/responses.ts';
import { chunks } from '../streaming/chunks.ts';
import { collect } from '../streaming/collect.ts';
import { EVENT_STREAM_MEDIA_TYPE, sendEventStream } from '../streaming/event-stream.ts';
import { TokenJson } from '../streaming/token-json.ts';
import { envelopeOf, startGeneration } from './generate.ts';

type Options = Pick<AppDependencies, 'inference' | 'state'> & { readonly metrics: InferenceMetrics };

export const chatRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const tokens = new TokenJson((id) => options.inference.token(id));
  app.post(
    '/v1/chat/completions',
    {
      schema: {
        tags: ['inference'],
        summary: 'Answer a conversation',
        description: "OpenAI's chat completions, over the model's chat template.",
        operationId: 'createChatCompletion',
        body: ChatBody,
        response: {
          200: jsonOrEvents(
            ChatCompletionSchema,
            'The finished answer, or its pieces as events.',
            EXAMPLE_CHAT_COMPLETION,
            { schema: ChatChunkSchema, examples: EXAMPLE_CHAT_CHUNKS },
          ),
          ...problems(400, 404, 409, 413, 415, 422, 429, 503),
        },
      },
      config: { access: 'infer', produces: ['application/json', EVENT_STREAM_MEDIA_TYPE] },
      onRequest: requireReady(options.state),
    },
    async (request, reply) => {
      const { body } = request;
      const includeUsage = includesUsage(body);
      const want = {
        logprobs: body.logprobs === true,
        tokenIds: body.return_token_ids === true,
      };
      const generation = await startGeneration(
        {
          operation: 'chat',
          model: body.model,
          read: () => chatRequest(body, request.principal),
          start: (asked, signal) => options.inference.chat(asked, signal),
        },
        request,
        reply,
        options,
      );
      const envelope = envelopeOf(
        generation,
        'chatcmpl',
        body.stream ? 'chat.completion.chunk' : 'chat.completion',
      );
      const writing = { envelope, form: chatForm, want, tokens };
      if (body.stream) return sendEventStream(reply, chunks(generation, writing, includeUsage));
      return sendJson(reply, await collect(generation, writing));
    },
  );
};

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { AppDependencies } from '../dependencies.ts';
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
import { chatChoice, chatChunkForm } from '../schemas/chat-choices.ts';
import { usageBody } from '../schemas/common.ts';
import { includesUsage } from '../schemas/generation.ts';
import { jsonOrEvents, problems } from '../schemas/responses.ts';
import { chunks } from '../streaming/chunks.ts';
import { collect, writeChoices } from '../streaming/collect.ts';
import { EVENT_STREAM_MEDIA_TYPE, sendEventStream } from '../streaming/event-stream.ts';
import { envelopeOf, startGeneration } from './generate.ts';

type Options = Pick<AppDependencies, 'inference' | 'state'> & { readonly metrics: InferenceMetrics };

export const chatRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
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
          start: (signal) => options.inference.chat(chatRequest(body, request.principal), signal),
        },
        request,
        reply,
        options.metrics,
      );
      if (body.stream) {
        const envelope = envelopeOf(generation, 'chatcmpl', 'chat.completion.chunk');
        return sendEventStream(reply, chunks(generation, envelope, chatChunkForm(want), includeUsage));
      }
      const choices = await collect(generation);
      return {
        ...envelopeOf(generation, 'chatcmpl', 'chat.completion'),
        choices: await writeChoices(choices, (choice) => chatChoice(choice, want)),
        usage: usageBody(generation.usage()),
      };
    },
  );
};

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { AppDependencies } from '../dependencies.ts';
import { sendJson } from '../json-bytes.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import { requireReady } from '../plugins/readiness.ts';
import {
  CompletionBody,
  CompletionChunkSchema,
  CompletionSchema,
  completionRequest,
  EXAMPLE_COMPLETION,
  EXAMPLE_COMPLETION_CHUNKS,
} from '../schemas/completion.ts';
import { completionForm } from '../schemas/completion-choices.ts';
import { includesUsage } from '../schemas/generation.ts';
import { jsonOrEvents, problems } from '../schemas/responses.ts';
import { chunks } from '../streaming/chunks.ts';
import { collect } from '../streaming/collect.ts';
import { EVENT_STREAM_MEDIA_TYPE, sendEventStream } from '../streaming/event-stream.ts';
import { TokenJson } from '../streaming/token-json.ts';
import { envelopeOf, startGeneration } from './generate.ts';

type Options = Pick<AppDependencies, 'inference' | 'state'> & { readonly metrics: InferenceMetrics };

export const completionRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const tokens = new TokenJson((id) => options.inference.token(id));
  app.post(
    '/v1/completions',
    {
      schema: {
        tags: ['inference'],
        summary: 'Continue a text',
        description: "OpenAI's completions. The task's soft prompt stands in front of the input.",
        operationId: 'createCompletion',
        body: CompletionBody,
        response: {
          200: jsonOrEvents(
            CompletionSchema,
            'The finished text, or its pieces as events.',
            EXAMPLE_COMPLETION,
            { schema: CompletionChunkSchema, examples: EXAMPLE_COMPLETION_CHUNKS },
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
        logprobs: typeof body.logprobs === 'number',
        tokenIds: body.return_token_ids === true,
      };
      const generation = await startGeneration(
        {
          operation: 'text_completion',
          model: body.model,
          read: () => completionRequest(body, request.principal),
          start: (asked, signal) => options.inference.complete(asked, signal),
        },
        request,
        reply,
        options,
      );
      const envelope = envelopeOf(generation, 'cmpl', 'text_completion');
      const writing = { envelope, form: completionForm, want, tokens };
      if (body.stream) return sendEventStream(reply, chunks(generation, writing, includeUsage));
      return sendJson(reply, await collect(generation, writing));
    },
  );
};

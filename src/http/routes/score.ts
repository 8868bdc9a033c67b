import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { AppDependencies } from '../dependencies.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import { component } from '../openapi/component.ts';
import { beginInference } from '../plugins/inference-call.ts';
import { requireReady } from '../plugins/readiness.ts';
import { MAX_INPUTS, NonEmptyText, Text } from '../schemas/bounds.ts';
import { EXAMPLE_USAGE, optional, UsageSchema, usageBody } from '../schemas/common.ts';
import { ServiceTierSchema } from '../schemas/generation.ts';
import { json, problems } from '../schemas/responses.ts';
import { Answering, askedVersions, ServedBy, ServedParams } from '../schemas/task-inference.ts';
import { answerHooks } from '../streaming/answer-hooks.ts';
import { inferenceSignal } from '../streaming/client-signal.ts';

const ScoreBody = Type.Object(
  {
    inputs: Type.Array(
      Type.Object(
        { text: Text, target: NonEmptyText },
        { additionalProperties: false, ...component('ScoreInput') },
      ),
      {
        minItems: 1,
        maxItems: MAX_INPUTS,
      },
    ),
    ...Answering,
    service_tier: optional(ServiceTierSchema),
  },
  {
    ...component('ScoreRequest'),
    additionalProperties: false,
    examples: [{ inputs: [{ text: 'The film was a delight.', target: ' positive' }] }],
  },
);

const ScoreResult = Type.Object(
  {
    results: Type.Array(
      Type.Object(
        {
          loglik: Type.Number({ description: 'Sum of log p(target tokens | prompt, text), in nats.' }),
          tokens: Type.Integer({ description: 'Number of target tokens.' }),
        },
        component('Score'),
      ),
    ),
    model: ServedBy,
    usage: UsageSchema,
  },
  component('ScoreResponse'),
);

type Options = Pick<AppDependencies, 'inference' | 'state'> & { readonly metrics: InferenceMetrics };

export const scoreRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { inference, state, metrics }) => {
  app.post(
    '/v1/tasks/:task/score',
    {
      schema: {
        tags: ['inference'],
        summary: 'Log-likelihood of targets',
        description:
          'No special tokens are added between text and target. Of an ensemble the probability of each token is the mean of ' +
          "its members'.",
        operationId: 'score',
        params: ServedParams,
        body: ScoreBody,
        response: {
          200: json(ScoreResult, 'One result an input, in order.', {
            results: [{ loglik: -0.41, tokens: 1 }],
            model: 'sentiment@1',
            usage: EXAMPLE_USAGE,
          }),
          ...problems(400, 404, 409, 413, 415, 422, 429, 503),
        },
      },
      config: { access: 'infer' },
      onRequest: requireReady(state),
    },
    async (request, reply) => {
      const { inputs, service_tier: tier, user } = request.body;
      const versions = askedVersions(request.body);
      const { task } = request.params;
      const call = beginInference(request, metrics, 'score', task);
      const caller = request.principal;
      const { results, usage, servedBy } = await inference.score(
        {
          task,
          versions,
          inputs,
          tier: tier ?? undefined,
          user: user ?? undefined,
          caller,
          ...answerHooks(call, reply),
        },
        inferenceSignal(reply),
      );
      call.usage = () => usage;
      return { results: [...results], model: servedBy, usage: usageBody(usage) };
    },
  );
};

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import type { Classification } from '../../domain/inference.ts';
import { assertDistinctLabels, assertLabelsTogether } from '../../domain/task.ts';
import type { AppDependencies } from '../dependencies.ts';
import { jsonBytes, jsonList, sendJson } from '../json-bytes.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import { component } from '../openapi/component.ts';
import { beginInference } from '../plugins/inference-call.ts';
import { requireReady } from '../plugins/readiness.ts';
import { LABEL_COUNTS, Label, MAX_INPUTS, Text } from '../schemas/bounds.ts';
import { EXAMPLE_USAGE, optional, UsageSchema, usageBody } from '../schemas/common.ts';
import { ServiceTierSchema } from '../schemas/generation.ts';
import { json, problems } from '../schemas/responses.ts';
import { Answering, askedVersions, ServedBy, ServedParams } from '../schemas/task-inference.ts';
import { answerHooks } from '../streaming/answer-hooks.ts';
import { inferenceSignal } from '../streaming/client-signal.ts';

const ClassifyBody = Type.Object(
  {
    inputs: Type.Array(Text, { minItems: 1, maxItems: MAX_INPUTS }),
    labels: optional(
      Type.Array(Label, {
        ...LABEL_COUNTS,
        description:
          "The task's own labels when left out. Of a version with a classification head: some of its labels, " +
          'to choose from those only. At most 65,536 characters together, and at most 65,536 inputs times labels.',
      }),
    ),
    ...Answering,
    service_tier: optional(ServiceTierSchema),
  },
  {
    ...component('ClassifyRequest'),
    additionalProperties: false,
    examples: [{ inputs: ['The film was a delight.'] }],
  },
);

const ClassifyResult = Type.Object(
  {
    results: Type.Array(
      Type.Object(
        {
          label: Type.String({ description: 'The most likely label.' }),
          probabilities: Type.Unsafe<Readonly<Record<string, number>>>({
            type: 'object',
            additionalProperties: { type: 'number' },
            description:
              "Softmax over the labels' log-likelihoods, or over the logits of a classification head; of an " +
              "ensemble the mean of its members'.",
          }),
          agreement: Type.Optional(
            Type.Number({
              exclusiveMinimum: 0,
              maximum: 1,
              description: 'Of an ensemble: the part of its members that chose the label.',
            }),
          ),
          votes: Type.Optional(
            Type.Unsafe<Readonly<Record<string, number>>>({
              type: 'object',
              additionalProperties: { type: 'integer' },
              description: 'Of an ensemble: how many members chose each label.',
            }),
          ),
        },
        component('Classification'),
      ),
    ),
    model: ServedBy,
    usage: UsageSchema,
  },
  component('ClassifyResponse'),
);

/** A result can have thousands of probabilities. */
function* answerJson(
  results: readonly Classification[],
  rest: Omit<Static<typeof ClassifyResult>, 'results'>,
): Generator<string> {
  yield '{"results":';
  yield* jsonList(results, (result) => JSON.stringify(resultBody(result)));
  yield `,${JSON.stringify(rest).slice(1)}`;
}

function resultBody({
  label,
  probabilities,
  vote,
}: Classification): Static<typeof ClassifyResult>['results'][number] {
  return { label, probabilities, ...vote };
}

type Options = Pick<AppDependencies, 'inference' | 'state'> & { readonly metrics: InferenceMetrics };

export const classifyRoutes: FastifyPluginAsyncTypebox<Options> = async (
  app,
  { inference, state, metrics },
) => {
  app.post(
    '/v1/tasks/:task/classify',
    {
      schema: {
        tags: ['inference'],
        summary: 'Choose a label for each input',
        description:
          "Labels are ranked by the log-likelihood of their tokens after the task's template. A version with a " +
          'classification head (task type SEQ_CLS) answers by its head: the labels of the task name its rows in their ' +
          'order; without any they are LABEL_0, LABEL_1, ... An ensemble chooses by majority vote, and of labels with ' +
          'as many votes the one with the largest mean probability.',
        operationId: 'classify',
        params: ServedParams,
        body: ClassifyBody,
        response: {
          200: json(ClassifyResult, 'One result an input, in order.', {
            results: [{ label: ' positive', probabilities: { ' positive': 0.97, ' negative': 0.03 } }],
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
      const { inputs, labels = null, service_tier: tier, user } = request.body;
      const versions = askedVersions(request.body);
      if (labels) {
        assertDistinctLabels(labels);
        assertLabelsTogether(labels);
      }
      const { task } = request.params;
      const call = beginInference(request, metrics, 'classify', task);
      const { results, usage, servedBy } = await inference.classify(
        {
          task,
          versions,
          inputs,
          labels,
          tier: tier ?? undefined,
          user: user ?? undefined,
          caller: request.principal,
          ...answerHooks(call, reply),
        },
        inferenceSignal(reply),
      );
      call.usage = () => usage;
      return sendJson(
        reply,
        await jsonBytes(answerJson(results, { model: servedBy, usage: usageBody(usage) })),
      );
    },
  );
};

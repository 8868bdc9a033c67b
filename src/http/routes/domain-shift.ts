import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Static } from 'typebox';
import type { AppDependencies } from '../dependencies.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import { beginInference } from '../plugins/inference-call.ts';
import { requireReady } from '../plugins/readiness.ts';
import { EXAMPLE_USAGE } from '../schemas/common.ts';
import {
  DomainShiftBody,
  DomainShiftEventSchema,
  DomainShiftSchema,
  domainShiftBody,
  domainShiftEventBody,
  domainShiftRequest,
} from '../schemas/domain-shift.ts';
import { jsonOrEvents, problems } from '../schemas/responses.ts';
import { TaskParams } from '../schemas/task.ts';
import { clientSignal } from '../streaming/client-signal.ts';
import { EVENT_STREAM_MEDIA_TYPE, sendEventStream } from '../streaming/event-stream.ts';
import { bodies, observed, reportOf } from './evaluation-events.ts';

const SCORES = {
  rows: 500,
  n: 500,
  too_long: { count: 0, rows: [] },
  loss: 0.21,
  seconds: 4.2,
  macro_f1: 0.9,
  cross_entropy: 0.2,
};

const EXAMPLE: Static<typeof DomainShiftSchema> = {
  object: 'domain_shift',
  task: 'sentiment',
  version: 1,
  kind: 'classification',
  labels: [' positive', ' negative'],
  data_sets: [
    { name: 'films', ...SCORES, accuracy: 0.9, interval: [0.872, 0.926] },
    {
      name: 'hotels',
      ...SCORES,
      accuracy: 0.84,
      interval: [0.808, 0.872],
      drop: {
        value: 0.06,
        measure: 'accuracy',
        interval: [0.02, 0.102],
        confidence: 0.95,
        p_value: 0.005,
        resamples: 2000,
      },
    },
  ],
  usage: EXAMPLE_USAGE,
};

type Options = Pick<AppDependencies, 'evaluator' | 'state'> & { readonly metrics: InferenceMetrics };

/** Registered among the evaluations: they share their places. */
export const domainShiftRoute: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { evaluator, state, metrics } = options;
  app.post(
    '/v1/tasks/:task/domain-shift',
    {
      schema: {
        tags: ['tasks'],
        summary: 'Measure a version on several data sets',
        description:
          'What the version loses where the inputs are others than those that it learned from (Lester et al. 2021, section 5). ' +
          'Each data set is measured as an evaluation measures it, for the same labels, and compared with the first one by the ' +
          'unpaired bootstrap. Nothing is stored. With `stream` the first events are `domain_shift.progress` objects.',
        operationId: 'createDomainShift',
        params: TaskParams,
        body: DomainShiftBody,
        response: {
          200: jsonOrEvents(DomainShiftSchema, 'The scores on each data set.', EXAMPLE, {
            schema: DomainShiftEventSchema,
            examples: [
              { object: 'domain_shift.progress', data_set: 'films', done: 64, total: 1000 },
              EXAMPLE,
            ],
          }),
          ...problems(400, 404, 409, 413, 415, 422, 429, 503),
        },
      },
      config: { access: 'write', produces: ['application/json', EVENT_STREAM_MEDIA_TYPE] },
      onRequest: requireReady(state),
    },
    async (request, reply) => {
      const { task } = request.params;
      const run = domainShiftRequest(task, request.body, request.principal);
      const call = beginInference(request, metrics, 'evaluate', task);
      const events = observed(evaluator.domainShift(run, clientSignal(reply)), call);
      if (request.body.stream) return sendEventStream(reply, bodies(events, domainShiftEventBody));
      return domainShiftBody(await reportOf(events));
    },
  );
};

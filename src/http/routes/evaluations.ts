import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Static } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { AppDependencies } from '../dependencies.ts';
import type { InferenceMetrics } from '../metrics/inference-metrics.ts';
import { beginInference } from '../plugins/inference-call.ts';
import { boundPlaces } from '../plugins/places.ts';
import { requireReady } from '../plugins/readiness.ts';
import { compileValidator } from '../plugins/validation.ts';
import { EXAMPLE_USAGE } from '../schemas/common.ts';
import {
  EvaluationBody,
  EvaluationEventSchema,
  EvaluationForm,
  EvaluationSchema,
  evaluationBody,
  evaluationRequest,
  eventBody,
  MAX_ROWS,
} from '../schemas/evaluation.ts';
import { jsonOrEvents, problems } from '../schemas/responses.ts';
import { EXAMPLE_COMPARISON } from '../schemas/significance.ts';
import { TaskParams } from '../schemas/task.ts';
import { clientSignal } from '../streaming/client-signal.ts';
import { EVENT_STREAM_MEDIA_TYPE, sendEventStream } from '../streaming/event-stream.ts';
import { domainShiftRoute } from './domain-shift.ts';
import { bodies, observed, reportOf } from './evaluation-events.ts';
import { type EvaluationParts, readEvaluationForm } from './evaluation-form.ts';

/** Evaluations at the same time: each holds its rows in memory. */
const CONCURRENT_EVALUATIONS = 4;

const TYPES = ['application/json', 'multipart/form-data'] as const;

const EXAMPLE: Static<typeof EvaluationSchema> = {
  object: 'evaluation',
  task: 'sentiment',
  kind: 'classification',
  rows: 2,
  labels: [' positive', ' negative'],
  contenders: [
    {
      name: 'sentiment@1',
      type: 'version',
      version: 1,
      versions: [1],
      n: 2,
      too_long: { count: 0, rows: [] },
      loss: 0.105,
      seconds: 0.04,
      accuracy: 1,
      macro_f1: 1,
      cross_entropy: 0.102,
      classes: [
        { label: ' positive', precision: 1, recall: 1, f1: 1, support: 1, predicted: 1 },
        { label: ' negative', precision: 1, recall: 1, f1: 1, support: 1, predicted: 1 },
      ],
      confusion_matrix: [
        [1, 0],
        [0, 1],
      ],
      interval: [1, 1],
    },
    {
      name: 'zero_shot',
      type: 'zero_shot',
      version: null,
      versions: [],
      n: 2,
      too_long: { count: 0, rows: [] },
      loss: 0.9,
      seconds: 0.04,
      accuracy: 0.5,
      macro_f1: 1 / 3,
      cross_entropy: 0.7,
      interval: [0, 1],
    },
  ],
  significance: { comparisons: [EXAMPLE_COMPARISON] },
  usage: EXAMPLE_USAGE,
};

type Options = Pick<AppDependencies, 'evaluator' | 'state' | 'limits'> & {
  readonly metrics: InferenceMetrics;
};

export const evaluationRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { evaluator, state, limits, metrics } = options;
  await app.register(multipart, { throwFileSizeLimit: false });
  boundPlaces(app, {
    most: CONCURRENT_EVALUATIONS,
    code: 'too_many_evaluations',
    what: 'evaluations',
    retryAfter: 10,
  });

  await app.register(domainShiftRoute, options);

  app.post(
    '/v1/tasks/:task/evaluations',
    {
      schema: {
        tags: ['tasks'],
        summary: 'Measure versions of a task on labelled rows',
        description:
          'Rows of `text` and `label` are classified, rows of `prompt` and `completion` completed greedily, as ' +
          'batch work. Intervals and comparisons are bootstrapped from the rows. Nothing is stored. With `stream` the first events are `evaluation.progress` objects with ' +
          '`contender`, `done` and `total`.',
        operationId: 'createEvaluation',
        params: TaskParams,
        body: {
          content: {
            'application/json': { schema: EvaluationBody },
            'multipart/form-data': { schema: EvaluationForm },
          },
        },
        response: {
          200: jsonOrEvents(EvaluationSchema, 'The scores of each version and baseline.', EXAMPLE, {
            schema: EvaluationEventSchema,
            examples: [
              { object: 'evaluation.progress', contender: 'sentiment@1', done: 1, total: 2 },
              EXAMPLE,
            ],
          }),
          ...problems(400, 404, 409, 413, 415, 422, 429, 503),
        },
      },
      // A form is no JSON: its parser checks it.
      validatorCompiler: (part) =>
        'contentType' in part && part.contentType === 'multipart/form-data'
          ? () => true
          : compileValidator(part),
      config: { access: 'write', produces: ['application/json', EVENT_STREAM_MEDIA_TYPE] },
      onRequest: requireReady(state),
    },
    async (request, reply) => {
      const signal = clientSignal(reply);
      const parts = request.isMultipart()
        ? await readEvaluationForm(request, limits.uploadBytes)
        : partsOf(request.body, request.headers['content-type']);
      const { fields, rows, examples } = parts;
      const { task } = request.params;
      const evaluation = evaluationRequest(task, fields, rows, examples, request.principal);
      const call = beginInference(request, metrics, 'evaluate', task);
      const events = observed(evaluator.evaluate(evaluation, signal), call);
      if (fields.stream) return sendEventStream(reply, bodies(events, eventBody));
      return evaluationBody(await reportOf(events));
    },
  );
};

/** @param body checked against {@link EvaluationBody}, or nothing, which no schema sees */
function partsOf(body: unknown, type: string | undefined): EvaluationParts {
  if (body == null) {
    throw new DomainError('unsupported_media', 'unsupported_media_type', 'An evaluation needs a body.', {
      param: 'content-type',
      expected: TYPES,
      given: type ?? 'none',
    });
  }
  const { rows, examples, ...fields } = body as Static<typeof EvaluationBody>;
  const count = (rows?.length ?? 0) + (examples?.length ?? 0);
  if (count > MAX_ROWS) {
    const message =
      'The rows and examples are too many for JSON. Send them as files of a form, or by file ids.';
    throw new DomainError('invalid', 'too_many_rows', message, {
      param: 'examples',
      expected: `at most ${MAX_ROWS} together`,
      given: count,
    });
  }
  const inline = (given: readonly object[] | null | undefined) =>
    given == null ? null : { kind: 'rows' as const, rows: given };
  return { fields, rows: inline(rows), examples: inline(examples) };
}

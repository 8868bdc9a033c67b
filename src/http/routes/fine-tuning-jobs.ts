import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { visibleJobs } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { actorOf, assertGranted } from '../plugins/grants.ts';
import { IdempotencyHeaders, IdempotencyKeys, idempotencyReplayed } from '../plugins/idempotency.ts';
import { requireReady } from '../plugins/readiness.ts';
import { DEFAULT_PAGE_SIZE, PageQuery, PageSchema, pageBody } from '../schemas/common.ts';
import {
  EXAMPLE_JOB,
  JobBody,
  JobParams,
  JobSchema,
  jobBody,
  jobRequest,
} from '../schemas/fine-tuning-job.ts';
import { json, problems } from '../schemas/responses.ts';
import { jobOf } from './lookup-job.ts';

const ACTIONS = {
  cancel: { summary: 'Cancel a job', done: 'cancelled' },
  pause: { summary: 'Pause a job; it keeps what it learned', done: 'paused' },
  resume: { summary: 'Let a paused job go on from its last checkpoint', done: 'queued' },
} as const;

type Options = Pick<AppDependencies, 'training' | 'state'>;

export const fineTuningJobRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { training, state }) => {
  const { store } = training;
  const keys = new IdempotencyKeys('createFineTuningJob');

  app.post(
    '/v1/fine_tuning/jobs',
    {
      schema: {
        tags: ['training'],
        summary: 'Learn a prompt for a task',
        description:
          'The frozen model serves on while the job runs; the result is a new version of the task.',
        operationId: 'createFineTuningJob',
        headers: IdempotencyHeaders,
        body: JobBody,
        response: {
          200: json(JobSchema, 'The job waits for its turn.', EXAMPLE_JOB, idempotencyReplayed),
          ...problems(400, 404, 409, 413, 415, 422, 429, 503, 507),
        },
      },
      config: { access: 'write' },
      onRequest: requireReady(state),
    },
    async (request, reply) => {
      const wanted = jobRequest(request.body);
      const { principal } = request;
      for (const { task } of [wanted, ...wanted.otherTasks]) assertGranted(principal, task, 'suffix');
      return keys.once(request, reply, async (claimOf) =>
        jobBody(await training.create(wanted, principal, actorOf(request), claimOf([wanted]))),
      );
    },
  );

  app.get(
    '/v1/fine_tuning/jobs',
    {
      schema: {
        tags: ['training'],
        summary: 'List jobs, newest first',
        operationId: 'listFineTuningJobs',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: {
          200: json(PageSchema(JobSchema, 'FineTuningJobList'), 'A page of jobs.', {
            object: 'list',
            data: [EXAMPLE_JOB],
            has_more: false,
            next: null,
          }),
          ...problems(400),
        },
      },
      config: { access: 'write' },
    },
    async ({ query: { limit = DEFAULT_PAGE_SIZE, after }, principal }) => {
      const jobs = visibleJobs(store, principal);
      return pageBody(await jobs.listJobs({ limit, ...(after !== undefined && { after }) }), jobBody);
    },
  );

  app.get(
    '/v1/fine_tuning/jobs/:job',
    {
      schema: {
        tags: ['training'],
        summary: 'Get a job',
        operationId: 'getFineTuningJob',
        params: JobParams,
        response: { 200: json(JobSchema, 'The job.', EXAMPLE_JOB), ...problems(400, 404) },
      },
      config: { access: 'write' },
    },
    async ({ params, principal }) => jobBody(jobOf(visibleJobs(store, principal), params.job)),
  );

  for (const action of ['cancel', 'pause', 'resume'] as const) {
    const { summary, done } = ACTIONS[action];
    app.post(
      `/v1/fine_tuning/jobs/:job/${action}`,
      {
        schema: {
          tags: ['training'],
          summary,
          operationId: `${action}FineTuningJob`,
          params: JobParams,
          response: {
            200: json(JobSchema, 'The job in its new state.', { ...EXAMPLE_JOB, status: done }),
            ...problems(400, 404, 409, 413, 415, 429, 503, 507),
          },
        },
        config: { access: 'write' },
      },
      async (request) => {
        const { id } = jobOf(visibleJobs(store, request.principal), request.params.job);
        return jobBody(await training[action](id, actorOf(request)));
      },
    );
  }
};

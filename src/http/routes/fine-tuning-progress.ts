import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { JobEvent } from '../../domain/training.ts';
import { visibleJobs } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { DEFAULT_PAGE_SIZE, PageQuery, PageSchema, pageBody } from '../schemas/common.ts';
import { JobParams } from '../schemas/fine-tuning-job.ts';
import {
  CheckpointSchema,
  checkpointBody,
  EventSchema,
  EXAMPLE_CHECKPOINT,
  EXAMPLE_EVENT,
  eventBody,
} from '../schemas/fine-tuning-progress.ts';
import { json, jsonOrEvents, problems } from '../schemas/responses.ts';
import { clientSignal } from '../streaming/client-signal.ts';
import { EVENT_STREAM_MEDIA_TYPE, sendEventStream } from '../streaming/event-stream.ts';
import { jobOf } from './lookup-job.ts';

type Options = Pick<AppDependencies, 'training'>;

export const fineTuningProgressRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { training }) => {
  const { store } = training;

  app.get(
    '/v1/fine_tuning/jobs/:job/events',
    {
      schema: {
        tags: ['training'],
        summary: 'List the events of a job, newest first, or follow them',
        description: '`stream=true` sends all events from the first on, and ends when the job ends.',
        operationId: 'listFineTuningEvents',
        params: JobParams,
        querystring: Type.Object(
          {
            ...PageQuery,
            stream: Type.Optional(
              Type.Boolean({ default: false, description: 'Answer with server-sent events.' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: jsonOrEvents(
            PageSchema(EventSchema, 'FineTuningJobEventList'),
            'A page of events.',
            {
              object: 'list',
              data: [EXAMPLE_EVENT],
              has_more: false,
              next: null,
            },
            { schema: EventSchema, examples: [EXAMPLE_EVENT] },
          ),
          ...problems(400, 404),
        },
      },
      config: { access: 'write', produces: ['application/json', EVENT_STREAM_MEDIA_TYPE] },
    },
    async ({ method, params, query, principal }, reply) => {
      const { id } = jobOf(visibleJobs(store, principal), params.job);
      const { limit = DEFAULT_PAGE_SIZE, after, stream = false } = query;
      if (stream && method === 'HEAD') throw headOfStream();
      if (stream) return sendEventStream(reply, bodies(training.follow(id, clientSignal(reply))));
      return pageBody(store.listEvents(id, { limit, ...(after !== undefined && { after }) }), eventBody);
    },
  );

  app.get(
    '/v1/fine_tuning/jobs/:job/checkpoints',
    {
      schema: {
        tags: ['training'],
        summary: 'List the checkpoints of a job that are kept, newest first',
        operationId: 'listFineTuningCheckpoints',
        params: JobParams,
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: {
          200: json(PageSchema(CheckpointSchema, 'FineTuningJobCheckpointList'), 'A page of checkpoints.', {
            object: 'list',
            data: [EXAMPLE_CHECKPOINT],
            has_more: false,
            next: null,
          }),
          ...problems(400, 404),
        },
      },
      config: { access: 'write' },
    },
    async ({ params, query: { limit = DEFAULT_PAGE_SIZE, after }, principal }) => {
      const job = jobOf(visibleJobs(store, principal), params.job);
      const page = store.listCheckpoints(job.id, { limit, ...(after !== undefined && { after }) });
      return pageBody(page, (checkpoint) => checkpointBody(checkpoint, job));
    },
  );
};

/** Its answer would end at once, and the job would be followed to its end for nobody. */
const headOfStream = (): DomainError =>
  new DomainError('invalid', 'head_of_stream', 'HEAD does not follow a job.', {
    param: 'stream',
    expected: 'GET, or no stream',
    given: 'HEAD',
  });

async function* bodies(events: AsyncGenerator<JobEvent>): AsyncGenerator<readonly string[]> {
  for await (const event of events) yield [JSON.stringify(eventBody(event))];
}

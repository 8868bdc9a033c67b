import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { AUDIT_ACTIONS, type AuditEntry } from '../../domain/audit.ts';
import { TASK_NAME_PATTERN } from '../../domain/task.ts';
import type { AppDependencies } from '../dependencies.ts';
import { component } from '../openapi/component.ts';
import { MAX_COUNT } from '../schemas/bounds.ts';
import {
  DEFAULT_PAGE_SIZE,
  nullable,
  PageQuery,
  PageSchema,
  pageBody,
  unixSeconds,
} from '../schemas/common.ts';
import { json, problems } from '../schemas/responses.ts';

const AuditEntrySchema = Type.Object(
  {
    id: Type.Integer({ description: 'Grows from entry to entry.' }),
    object: Type.Literal('audit.entry'),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    action: Type.Enum([...AUDIT_ACTIONS]),
    key: nullable(Type.String({ description: 'Name of the API key; null: there was none.' })),
    request_id: nullable(
      Type.String({ description: 'The x-request-id of the request; null: the service itself.' }),
    ),
    task: nullable(Type.String()),
    version: nullable(Type.Integer()),
    sha256: nullable(Type.String({ description: 'Of the content that was uploaded, activated or deleted.' })),
    subject: nullable(
      Type.String({
        description: 'Id of the file or the job, or the plan, as JSON, with which a task serves.',
      }),
    ),
  },
  { ...component('AuditEntry'), description: 'One change of what is stored.' },
);

const EXAMPLE: Static<typeof AuditEntrySchema> = {
  id: 7,
  object: 'audit.entry',
  created_at: 1767225600,
  action: 'prompt.activate',
  key: 'team-a',
  request_id: '0b5f8f6c-1c1d-4a2e-9f3a-7b60c1d2e3f4',
  task: 'sentiment',
  version: 2,
  sha256: '9b0f3d1c2a4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8',
  subject: null,
};

type Options = Pick<AppDependencies, 'audit'>;

export const auditRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { audit }) => {
  app.get(
    '/v1/audit',
    {
      schema: {
        tags: ['operation'],
        summary: 'List changes of tasks, prompts, files and jobs, newest first',
        operationId: 'listAudit',
        querystring: Type.Object(
          {
            ...PageQuery,
            after: Type.Optional(
              Type.String({ pattern: '^[0-9]{1,15}$', description: '`next` of the page before.' }),
            ),
            task: Type.Optional(Type.String({ pattern: TASK_NAME_PATTERN, description: 'Only this task.' })),
            since: Type.Optional(
              Type.Integer({
                minimum: 0,
                maximum: MAX_COUNT,
                description: 'Unix seconds of the earliest change.',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: json(PageSchema(AuditEntrySchema, 'AuditEntryList'), 'A page of changes.', {
            object: 'list',
            data: [EXAMPLE],
            has_more: false,
            next: null,
          }),
          ...problems(400),
        },
      },
      config: { access: 'admin' },
    },
    async ({ query: { limit = DEFAULT_PAGE_SIZE, after, task, since } }) => {
      const page = audit.listAudit({
        limit,
        ...(after !== undefined && { after: Number(after) }),
        ...(task !== undefined && { task }),
        ...(since !== undefined && { since: since * 1000 }),
      });
      return pageBody(page, entryBody);
    },
  );
};

function entryBody({ seq, createdAt, requestId, ...entry }: AuditEntry): Static<typeof AuditEntrySchema> {
  return {
    id: seq,
    object: 'audit.entry',
    created_at: unixSeconds(createdAt),
    request_id: requestId,
    ...entry,
  };
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import { type TaskLookups, visibleLookups } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { etagOf, parseEntityTags } from '../etag.ts';
import { excerpt } from '../plugins/excerpt.ts';
import { actorOf } from '../plugins/grants.ts';
import { DEFAULT_PAGE_SIZE, PageQuery, PageSchema, pageBody } from '../schemas/common.ts';
import { EXAMPLE_PROMPT, etagHeader, PromptSchema, promptBody, VersionParams } from '../schemas/prompt.ts';
import { empty, json, problems } from '../schemas/responses.ts';
import { TaskParams } from '../schemas/task.ts';
import { taskOf, versionOf } from './lookup.ts';

type Options = Pick<AppDependencies, 'store' | 'publisher'>;

export const promptRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { store, publisher }) => {
  app.get(
    '/v1/tasks/:task/prompts',
    {
      schema: {
        tags: ['prompts'],
        summary: "List a task's prompt versions, newest first",
        operationId: 'listPrompts',
        params: TaskParams,
        querystring: Type.Object(
          {
            ...PageQuery,
            after: Type.Optional(
              Type.String({ pattern: '^[0-9]{1,15}$', description: '`next` of the page before: a version.' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: json(PageSchema(PromptSchema, 'PromptList'), 'A page of versions.', {
            object: 'list',
            data: [EXAMPLE_PROMPT],
            has_more: false,
            next: null,
          }),
          ...problems(400, 404),
        },
      },
      config: { access: 'infer' },
    },
    async ({ params, query, principal }) => {
      const { name, activeVersion } = taskOf(visibleLookups(store, principal), params.task);
      const { limit = DEFAULT_PAGE_SIZE, after } = query;
      const page = store.listVersions(name, { limit, ...(after !== undefined && { after }) });
      return pageBody(page, (version) => promptBody(version, activeVersion));
    },
  );

  app.get(
    '/v1/tasks/:task/prompts/:version',
    {
      schema: {
        tags: ['prompts'],
        summary: 'Get a prompt version',
        operationId: 'getPrompt',
        params: VersionParams,
        response: {
          200: json(PromptSchema, 'The version.', EXAMPLE_PROMPT, etagHeader),
          ...problems(400, 404),
        },
      },
      config: { access: 'infer' },
    },
    async ({ params, principal }, reply) => {
      const tasks = visibleLookups(store, principal);
      const version = versionOf(tasks, params.task, params.version);
      reply.header('etag', etagOf(version.sha256));
      return promptBody(version, taskOf(tasks, params.task).activeVersion);
    },
  );

  app.post(
    '/v1/tasks/:task/prompts/:version/activate',
    {
      schema: {
        tags: ['prompts'],
        summary: 'Let the task serve this version',
        description: 'Requests that already run keep the version that they started with.',
        operationId: 'activatePrompt',
        params: VersionParams,
        headers: Type.Object({
          'if-match': Type.Optional(
            Type.String({ description: 'ETag of the version that must be active now.' }),
          ),
        }),
        response: {
          200: json(PromptSchema, 'The version is active.', EXAMPLE_PROMPT, etagHeader),
          ...problems(400, 404, 412, 413, 415, 422, 429, 503, 507),
        },
      },
      config: { access: 'write' },
    },
    async (request, reply) => {
      const { params, headers, principal } = request;
      const tasks = visibleLookups(store, principal);
      const { name } = taskOf(tasks, params.task);
      const ifMatch = expectedActive(tasks, name, headers['if-match']);
      const { activeVersion } = await publisher.activate(name, params.version, ifMatch, actorOf(request));
      const version = versionOf(tasks, name, params.version);
      reply.header('etag', etagOf(version.sha256));
      return promptBody(version, activeVersion);
    },
  );

  app.delete(
    '/v1/tasks/:task/prompts/:version',
    {
      schema: {
        tags: ['prompts'],
        summary: 'Delete a prompt version that is not active',
        operationId: 'deletePrompt',
        params: VersionParams,
        response: { 204: empty('The version is gone.'), ...problems(400, 404, 409, 413, 415, 429, 503, 507) },
      },
      config: { access: 'write' },
    },
    async (request, reply) => {
      const { params, principal } = request;
      const { name } = taskOf(visibleLookups(store, principal), params.task);
      await store.deleteVersion(name, params.version, actorOf(request));
      reply.code(204);
      return null;
    },
  );
};

/**
 * The hash that `If-Match` wants to be active, for the store to compare in its transaction. Of several tags
 * it is the one that is active now. Throws `precondition_failed` when no tag can match.
 */
function expectedActive(store: TaskLookups, task: string, header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const { activeVersion } = taskOf(store, task);
  const active = activeVersion === null ? undefined : store.getVersion(task, activeVersion)?.sha256;
  const { any, strong } = parseEntityTags(header, 'if-match');
  if (active !== undefined && (any || strong.includes(active))) return active;
  throw new DomainError(
    'precondition_failed',
    'active_version_changed',
    'The active version is not one that If-Match names.',
    {
      param: 'if-match',
      expected: excerpt(header),
      given: active === undefined ? 'no active version' : etagOf(active),
    },
  );
}

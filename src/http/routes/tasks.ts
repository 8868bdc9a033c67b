import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { assertDefaultsFit, assertNotModelId } from '../../domain/task.ts';
import { visibleLookups, visibleTasks } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { actorOf, requireGrant } from '../plugins/grants.ts';
import { DEFAULT_PAGE_SIZE, PageQuery, PageSchema, pageBody } from '../schemas/common.ts';
import { empty, json, problems } from '../schemas/responses.ts';
import { EXAMPLE_TASK, TaskBody, TaskParams, TaskSchema, taskBody, taskMetadata } from '../schemas/task.ts';
import { taskOf } from './lookup.ts';

export const taskRoutes: FastifyPluginAsyncTypebox<Pick<AppDependencies, 'store' | 'engine'>> = async (
  app,
  { store, engine },
) => {
  app.put(
    '/v1/tasks/:task',
    {
      schema: {
        tags: ['tasks'],
        summary: 'Create a task or replace its metadata',
        description: 'Fields left out are cleared. Prompt versions are not touched.',
        operationId: 'putTask',
        params: TaskParams,
        body: TaskBody,
        response: {
          200: json(TaskSchema, 'The metadata was replaced.', EXAMPLE_TASK),
          201: json(
            TaskSchema,
            'The task was created.',
            { ...EXAMPLE_TASK, active_version: null, serving: null },
            { location: { type: 'string', description: 'Path of the task.' } },
          ),
          ...problems(400, 409, 413, 415, 422, 429, 503, 507),
        },
      },
      config: { access: 'write' },
      onRequest: requireGrant,
    },
    async (request, reply) => {
      const { params, body } = request;
      assertNotModelId(params.task, engine.model.id);
      const metadata = taskMetadata(body);
      if (metadata.defaults) assertDefaultsFit(metadata.defaults, engine.limits.contextLength);
      const { task, created } = await store.putTask(params.task, metadata, actorOf(request));
      if (created) reply.code(201).header('location', `/v1/tasks/${task.name}`);
      return taskBody(task);
    },
  );

  app.get(
    '/v1/tasks',
    {
      schema: {
        tags: ['tasks'],
        summary: 'List tasks in the order of their names',
        operationId: 'listTasks',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: {
          200: json(PageSchema(TaskSchema, 'TaskList'), 'A page of tasks.', {
            object: 'list',
            data: [EXAMPLE_TASK],
            has_more: false,
            next: null,
          }),
          ...problems(400),
        },
      },
      config: { access: 'infer' },
    },
    async ({ query, principal }) => {
      const { limit = DEFAULT_PAGE_SIZE, after } = query;
      const tasks = visibleTasks(store, principal);
      return pageBody(await tasks.listTasks({ limit, ...(after !== undefined && { after }) }), taskBody);
    },
  );

  app.get(
    '/v1/tasks/:task',
    {
      schema: {
        tags: ['tasks'],
        summary: 'Get a task',
        operationId: 'getTask',
        params: TaskParams,
        response: { 200: json(TaskSchema, 'The task.', EXAMPLE_TASK), ...problems(400, 404) },
      },
      config: { access: 'infer' },
    },
    async ({ params, principal }) => taskBody(taskOf(visibleLookups(store, principal), params.task)),
  );

  app.delete(
    '/v1/tasks/:task',
    {
      schema: {
        tags: ['tasks'],
        summary: 'Delete a task with all its prompt versions',
        operationId: 'deleteTask',
        params: TaskParams,
        response: { 204: empty('The task is gone.'), ...problems(400, 404, 413, 415, 429, 503, 507) },
      },
      config: { access: 'write' },
    },
    async (request, reply) => {
      const { name } = taskOf(visibleLookups(store, request.principal), request.params.task);
      await store.deleteTask(name, actorOf(request));
      reply.code(204);
      return null;
    },
  );
};

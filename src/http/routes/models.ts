import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import type { TaskName } from '../../domain/store.ts';
import { parseModelReference } from '../../domain/task.ts';
import { visibleLookups, visibleTasks } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { sendJson } from '../json-bytes.ts';
import { component } from '../openapi/component.ts';
import { nullable, unixSeconds } from '../schemas/common.ts';
import { json, problems } from '../schemas/responses.ts';

const ModelSchema = Type.Object(
  {
    id: Type.String({ description: 'What requests name as `model`.' }),
    object: Type.Literal('model'),
    created: Type.Integer({ description: 'Unix seconds.' }),
    owned_by: Type.String(),
    root: Type.String({ description: 'The base model.' }),
    parent: nullable(Type.String({ description: 'The base model; null for the base model itself.' })),
  },
  { ...component('Model'), description: 'The base model, or a task on it.' },
);
type Model = Static<typeof ModelSchema>;

const EXAMPLE_BASE: Model = {
  id: 'smollm2-135m-instruct',
  object: 'model',
  created: 1767225600,
  owned_by: 'softprompt',
  root: 'smollm2-135m-instruct',
  parent: null,
};
const EXAMPLE_TASK_MODEL: Model = { ...EXAMPLE_BASE, id: 'sentiment', parent: EXAMPLE_BASE.id };

export const modelRoutes: FastifyPluginAsyncTypebox<Pick<AppDependencies, 'engine' | 'store'>> = async (
  app,
  { engine, store },
) => {
  app.get(
    '/v1/models',
    {
      schema: {
        tags: ['models'],
        summary: 'List the base model and every task',
        operationId: 'listModels',
        response: {
          200: json(
            Type.Object(
              { object: Type.Literal('list'), data: Type.Array(ModelSchema) },
              component('ModelList'),
            ),
            'The base model first, then the tasks in the order of their names.',
            { object: 'list', data: [EXAMPLE_BASE, EXAMPLE_TASK_MODEL] },
          ),
          ...problems(),
        },
      },
      config: { access: 'infer' },
    },
    async ({ principal }, reply) => {
      const { model } = engine;
      const base = principal.allowsTask(model.id) ? [baseModel(model)] : [];
      const blocks = [base.map((item) => JSON.stringify(item)).join(',')];
      for await (const tasks of visibleTasks(store, principal).names()) {
        blocks.push(tasks.map((task) => JSON.stringify(taskModel(model, task, task.name))).join(','));
      }
      const data = blocks.filter((block) => block !== '').join(',');
      return sendJson(reply, Buffer.from(`{"object":"list","data":[${data}]}`));
    },
  );

  app.get(
    '/v1/models/:id',
    {
      schema: {
        tags: ['models'],
        summary: 'Get the base model, a task or `task@version`',
        operationId: 'getModel',
        params: Type.Object({
          id: Type.String({
            minLength: 1,
            maxLength: 256,
            description: "A task, `task@version`, or the base model's id.",
          }),
        }),
        response: { 200: json(ModelSchema, 'The model.', EXAMPLE_TASK_MODEL), ...problems(400, 404) },
      },
      config: { access: 'infer' },
    },
    async ({ params: { id }, principal }) => {
      if (id === engine.model.id && principal.allowsTask(id)) return baseModel(engine.model);
      const { name, versions } = parseModelReference(id);
      const tasks = visibleLookups(store, principal);
      const task = tasks.getTask(name);
      if (task && (versions ?? []).every((version) => tasks.getVersion(name, version)))
        return taskModel(engine.model, task, id);
      throw new DomainError('not_found', 'model_not_found', `There is no model "${id}".`, {
        param: 'model',
        given: id,
      });
    },
  );
};

function baseModel({ id, createdAt }: ModelInfo): Model {
  return { id, object: 'model', created: createdAt, owned_by: 'softprompt', root: id, parent: null };
}

function taskModel(base: ModelInfo, task: TaskName, id: string): Model {
  return { ...baseModel(base), id, created: unixSeconds(task.createdAt), parent: base.id };
}

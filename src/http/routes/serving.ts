import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import { hasScope, type Principal } from '../../domain/principal.ts';
import { answeringVersions, encodePlan, type ServingPlan, singleVersion } from '../../domain/serving.ts';
import type { Task } from '../../domain/task.ts';
import { visibleLookups } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { etagOf, parseEntityTags } from '../etag.ts';
import type { VersionCounts } from '../metrics/version-stats.ts';
import { excerpt } from '../plugins/excerpt.ts';
import { actorOf } from '../plugins/grants.ts';
import { json, problems, type ResponseHeader } from '../schemas/responses.ts';
import {
  EXAMPLE_SERVING,
  PlanBody,
  PromoteBody,
  planBody,
  ServingSchema,
  servingPlan,
  shadowBody,
  statsBody,
} from '../schemas/serving.ts';
import { TaskParams } from '../schemas/task.ts';
import { taskOf } from './lookup.ts';

type Options = Pick<AppDependencies, 'store' | 'publisher' | 'inference'> & {
  readonly versions: VersionCounts;
};

const tags = ['serving'];

const etagHeader = {
  etag: { type: 'string', description: 'Changes with the plan.', optional: true },
} as const satisfies Record<string, ResponseHeader>;

const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'ETag of the plan that the task must serve with now.' }),
  ),
});

const served = json(ServingSchema, 'What the task serves with.', EXAMPLE_SERVING, etagHeader);

const promoted = json(
  ServingSchema,
  'The version serves alone.',
  {
    ...EXAMPLE_SERVING,
    plan: { type: 'version', version: 2, shadow: null },
    previous: EXAMPLE_SERVING.plan,
    versions: EXAMPLE_SERVING.versions.slice(1),
    shadow: null,
  },
  etagHeader,
);

/** What tasks serve with: one version, an ensemble, a split, and a shadow beside them. */
export const servingRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { store, publisher, inference, versions } = options;

  const body = ({ name, serving: plan }: Task, principal: Principal): Static<typeof ServingSchema> => {
    const previous = store.previousPlan(name);
    // How much others ask is not for everyone who may ask.
    const shown = hasScope(principal, 'write') ? plan : null;
    const answering = shown === null ? [] : answeringVersions(shown);
    return {
      object: 'serving',
      task: name,
      plan: plan && planBody(plan),
      previous: previous && planBody(previous),
      versions: answering.map((version) => statsBody(version, versions.of(name, version))),
      shadow:
        shown === null || shown.shadow === null
          ? null
          : shadowBody(shown.shadow, inference.shadowCounts(name, shown)),
    };
  };
  const tagOf = ({ serving }: Task): Readonly<Record<string, string>> =>
    serving === null ? {} : { etag: etagOf(hashOf(serving)) };

  app.get(
    '/v1/tasks/:task/serving',
    {
      schema: {
        tags,
        summary: 'What a task serves with',
        description:
          'The plan, and what a roll back brings back. With the scope `write` also figures of each version side by side.',
        operationId: 'getServing',
        params: TaskParams,
        response: { 200: served, ...problems(400, 404) },
      },
      config: { access: 'infer' },
    },
    async ({ params, principal }, reply) => {
      const task = taskOf(visibleLookups(store, principal), params.task);
      reply.headers(tagOf(task));
      return body(task, principal);
    },
  );

  app.put(
    '/v1/tasks/:task/serving',
    {
      schema: {
        tags,
        summary: 'Let a task serve with one version, an ensemble, or a split',
        description:
          'Requests that already run keep what they started with, and those that name versions are not touched. What ' +
          'served before can be rolled back to. `user` of a request keeps it at one version of a split.',
        operationId: 'putServing',
        params: TaskParams,
        headers: IfMatch,
        body: PlanBody,
        response: { 200: served, ...problems(400, 404, 409, 412, 413, 415, 422, 429, 503, 507) },
      },
      config: { access: 'write' },
    },
    async (request, reply) => {
      const { params, headers, principal } = request;
      const tasks = visibleLookups(store, principal);
      const { name, serving } = taskOf(tasks, params.task);
      const seen = expectedPlan(serving, headers['if-match']);
      const task = await publisher.serve(name, servingPlan(request.body), seen, actorOf(request));
      reply.headers(tagOf(task));
      return body(task, principal);
    },
  );

  app.post(
    '/v1/tasks/:task/promote',
    {
      schema: {
        tags,
        summary: 'Let one version serve alone',
        description: 'Ends a split, an ensemble and a shadow in one call.',
        operationId: 'promote',
        params: TaskParams,
        headers: IfMatch,
        body: PromoteBody,
        response: { 200: promoted, ...problems(400, 404, 409, 412, 413, 415, 422, 429, 503, 507) },
      },
      config: { access: 'write' },
    },
    async (request, reply) => {
      const { params, headers, principal } = request;
      const { name, serving } = taskOf(visibleLookups(store, principal), params.task);
      const seen = expectedPlan(serving, headers['if-match']);
      const plan = singleVersion(request.body.version);
      const task = await publisher.serve(name, plan, seen, actorOf(request));
      reply.headers(tagOf(task));
      return body(task, principal);
    },
  );

  app.post(
    '/v1/tasks/:task/rollback',
    {
      schema: {
        tags,
        summary: 'Let a task serve with what it served with before',
        description:
          'Undoes the last change of what serves, activations included; once more undoes the one before. Plans with a ' +
          'version that was deleted are gone.',
        operationId: 'rollBack',
        params: TaskParams,
        headers: IfMatch,
        response: { 200: served, ...problems(400, 404, 409, 412, 413, 415, 422, 429, 503, 507) },
      },
      config: { access: 'write' },
    },
    async (request, reply) => {
      const { params, headers, principal } = request;
      const { name, serving } = taskOf(visibleLookups(store, principal), params.task);
      const seen = expectedPlan(serving, headers['if-match']);
      const task = await publisher.rollBack(name, seen, actorOf(request));
      reply.headers(tagOf(task));
      return body(task, principal);
    },
  );
};

/** Version numbers are never used twice, so the same plan means the same prompts. */
const hashOf = (plan: ServingPlan): string => createHash('sha256').update(encodePlan(plan)).digest('hex');

/** The plan that `If-Match` wants, for the store to compare in its transaction. Throws `precondition_failed`. */
function expectedPlan(now: ServingPlan | null, header: string | undefined): ServingPlan | undefined {
  if (header === undefined) return undefined;
  const { any, strong } = parseEntityTags(header, 'if-match');
  if (now !== null && (any || strong.includes(hashOf(now)))) return now;
  throw new DomainError(
    'precondition_failed',
    'serving_changed',
    'The task does not serve with what If-Match names.',
    { param: 'if-match', expected: excerpt(header), given: now === null ? 'nothing' : etagOf(hashOf(now)) },
  );
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { AppDependencies } from '../dependencies.ts';
import { component } from '../openapi/component.ts';
import { assertReady } from '../plugins/readiness.ts';
import { json, problems } from '../schemas/responses.ts';

/** Name that a readiness probe looks up; whether there is such a task does not matter. */
const PROBE = 'readiness';

const Health = Type.Object({ status: Type.Literal('ok') }, component('Health'));

export const healthRoutes: FastifyPluginAsyncTypebox<Pick<AppDependencies, 'state' | 'store'>> = async (
  app,
  { state, store },
) => {
  app.get(
    '/health/live',
    {
      schema: {
        tags: ['operation'],
        summary: 'Whether the process runs',
        operationId: 'getLiveness',
        response: { 200: json(Health, 'It runs.', { status: 'ok' }), ...problems() },
      },
      config: { access: 'open' },
      logLevel: 'warn',
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/health/ready',
    {
      schema: {
        tags: ['operation'],
        summary: 'Whether inference is accepted',
        operationId: 'getReadiness',
        response: { 200: json(Health, 'It is.', { status: 'ok' }), ...problems(503) },
      },
      config: { access: 'open' },
      logLevel: 'warn',
    },
    async () => {
      assertReady(state);
      assertReadable(store);
      return { status: 'ok' as const };
    },
  );
};

/** Every request looks its task up. Throws `unavailable` store_unreadable. */
function assertReadable(store: AppDependencies['store']): void {
  try {
    store.getTask(PROBE);
  } catch (cause) {
    throw new DomainError('unavailable', 'store_unreadable', 'The store cannot be read.', {
      retryAfter: 5,
      cause,
    });
  }
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { AppDependencies } from '../dependencies.ts';
import { assertReady } from '../plugins/readiness.ts';
import { json, problems } from '../schemas/responses.ts';

const Health = Type.Object({ status: Type.Literal('ok') });

export const healthRoutes: FastifyPluginAsyncTypebox<Pick<AppDependencies, 'state'>> = async (
  app,
  { state },
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
      return { status: 'ok' as const };
    },
  );
};

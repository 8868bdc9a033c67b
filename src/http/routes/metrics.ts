import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Metrics } from '../metrics/metrics.ts';
import { problems, raw } from '../schemas/responses.ts';

/** Prometheus' text format. */
const MEDIA_TYPE = 'text/plain';

const EXAMPLE = `# HELP softprompt_tasks Tasks in the store.
`;

export const metricsRoutes: FastifyPluginAsyncTypebox<{ readonly metrics: Metrics }> = async (
  app,
  { metrics },
) => {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['operation'],
        summary: 'Metrics for Prometheus',
        operationId: 'getMetrics',
        response: {
          200: raw(MEDIA_TYPE, {
            description: "Prometheus' text format 0.0.4.",
            schema: Type.String(),
            example: EXAMPLE,
          }),
          ...problems(),
        },
      },
      config: { access: 'admin', produces: [MEDIA_TYPE] },
      logLevel: 'warn',
    },
    async (_request, reply) =>
      reply.type(`${MEDIA_TYPE}; version=0.0.4; charset=utf-8`).send(await metrics.render()),
  );
};

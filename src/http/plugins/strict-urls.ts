import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { answerNotFound } from './problems.ts';

const NO_QUERY = Type.Object({}, { additionalProperties: false });

/**
 * Takes every URL by its one spelling: a slash at the end is another path, with nothing there, and a route
 * without query parameters refuses them as other routes refuse unknown ones. Call it before the routes are registered.
 */
export function takeUrlsLiterally(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { schema } = route;
    if (schema && !schema.hide && !schema.querystring) route.schema = { ...schema, querystring: NO_QUERY };
  });
  app.addHook('onRequest', async (request, reply) => {
    const [path = ''] = request.url.split('?', 1);
    // It would otherwise be an empty parameter.
    if (path.endsWith('/')) return answerNotFound(request, reply);
  });
}

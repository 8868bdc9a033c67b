import type { FastifyInstance } from 'fastify';
import { problems } from '../schemas/responses.ts';

/** Either: whether a key is needed is up to the server's settings. The name is that of `SECURITY_SCHEMES`. */
const SECURITY = [{ apiKey: [] }, {}];

/** Says in the OpenAPI document what a key is needed for. Call it before the routes are registered. */
export function documentAccess(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { schema, config } = route;
    if (!schema || schema.hide || config === undefined || config.access === 'open') return;
    route.schema = {
      ...schema,
      security: SECURITY,
      response: { ...(schema.response as object), ...problems(401, 403, 429) },
    };
  });
}

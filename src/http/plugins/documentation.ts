import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { DESCRIPTION, SECURITY_SCHEMES, SERVERS, TAGS } from '../openapi/preface.ts';
import { rewriteDocument } from '../openapi/rewrite.ts';

/** The plugin's own policy lets browsers upgrade to HTTPS, which this server does not speak. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'";

/** Collects the OpenAPI document from the routes that are registered after, and shows it at /docs. */
export async function documentRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: 'softprompt',
        summary: 'One frozen language model, many tasks, each task a soft prompt.',
        description: DESCRIPTION,
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: SERVERS,
      tags: TAGS,
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    transformObject: (collected) =>
      'openapiObject' in collected ? rewriteDocument(collected.openapiObject) : collected.swaggerObject,
  });
  await app.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    await page.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CONTENT_SECURITY_POLICY,
      // Otherwise the page asks a public service about every document.
      uiConfig: { validatorUrl: null },
    });
  });
}

/** Serves the document itself, made once: it is long, and anyone may ask for it. */
export function serveDocument(app: FastifyInstance): void {
  let document: Buffer | undefined;
  app.get(
    '/openapi.json',
    { schema: { hide: true }, config: { access: 'open' }, logLevel: 'warn' },
    async (_request, reply) => {
      document ??= Buffer.from(JSON.stringify(app.swagger()));
      return reply.type('application/json; charset=utf-8').send(document);
    },
  );
}

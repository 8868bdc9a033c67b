import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { BEARER_KEY } from './access-document.ts';

const TAGS = [
  { name: 'inference', description: 'Generate, classify and score with a task or the base model.' },
  { name: 'tasks', description: 'Named tasks and their metadata.' },
  { name: 'prompts', description: "Immutable versions of a task's soft prompt." },
  { name: 'training', description: 'Learn prompts from labelled rows.' },
  { name: 'models', description: 'What `model` can name.' },
  { name: 'tokens', description: "The model's tokenizer." },
  { name: 'operation', description: 'Health, metrics and limits.' },
];

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
        description: 'One frozen language model, many tasks, each task a soft prompt.',
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: TAGS,
      components: {
        securitySchemes: {
          [BEARER_KEY]: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key of the service; a service without keys needs none.',
          },
        },
      },
    },
    // Components under the schemas' own names instead of def-0, def-1, ...
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`) },
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

/** Serves the document itself. */
export function serveDocument(app: FastifyInstance): void {
  app.get(
    '/openapi.json',
    { schema: { hide: true }, config: { access: 'open' }, logLevel: 'warn' },
    async () => app.swagger(),
  );
}

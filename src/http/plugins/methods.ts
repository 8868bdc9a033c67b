import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendProblem } from './problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The path has no such method. */
    readonly refused?: true;
  }
}

/** Whether the answer will be 405, so that nothing else about the request matters. */
export const isRefused = ({ routeOptions }: FastifyRequest): boolean => routeOptions.config.refused === true;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Answers 405 with `Allow` where a path exists under other methods. Call it before the routes are registered
 * and the function that it returns after.
 */
export function watchMethods(app: FastifyInstance): () => void {
  const allowed = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = allowed.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    allowed.set(url, methods);
  });
  return () => {
    for (const [url, methods] of [...allowed]) {
      const allow = [...methods].sort().join(', ');
      app.route({
        url,
        method: METHODS.filter((name) => !methods.has(name)),
        schema: { hide: true },
        config: { access: 'open', refused: true },
        // Before the body is read: what it holds does not matter.
        onRequest: async (request, reply) =>
          sendProblem(request, reply.header('allow', allow), {
            status: 405,
            code: 'method_not_allowed',
            message: `${request.method} is not possible here.`,
            expected: allow,
            given: request.method,
          }),
        handler: () => undefined,
      });
    }
  };
}

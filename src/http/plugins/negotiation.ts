import type { FastifyInstance } from 'fastify';
import { isRefused } from './methods.ts';
import { sendProblem } from './problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types that the route answers with; `application/json` when left out. */
    readonly produces?: readonly string[];
  }
}

/** Refuses with 406 a request whose `Accept` names none of the types that the route can answer with. */
export function negotiateTypes(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { accept } = request.headers;
    if (accept === undefined || request.is404 || isRefused(request)) return;
    const produces = request.routeOptions.config.produces ?? ['application/json'];
    if (produces.some((type) => accepts(accept, type))) return;
    return sendProblem(request, reply, {
      status: 406,
      code: 'not_acceptable',
      message: 'This operation cannot answer in a type that the Accept header names.',
      param: 'accept',
      expected: produces,
      given: accept,
    });
  });
}

function accepts(accept: string, type: string): boolean {
  const family = `${type.split('/', 1)[0]}/*`;
  return accept.split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return name === type || name === family || name === '*/*' || name === '';
  });
}

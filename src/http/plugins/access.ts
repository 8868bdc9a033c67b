import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import {
  ANYONE,
  hasScope,
  type KeyRing,
  NOBODY,
  type Principal,
  type Scope,
} from '../../domain/principal.ts';

/** Who may ask: anyone, any key, or keys of a scope. */
export type Access = 'open' | 'any' | Scope;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; known before any other check of a request. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    readonly access: Access;
  }
}

const REALM = 'Bearer realm="softprompt"';

/** What a bearer token may hold (RFC 6750, section 2.1). */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** Counts a failed authentication; false: its address has had too many. */
export type CountFailure = (request: FastifyRequest) => Promise<boolean>;

/**
 * Finds out who asks, and refuses what the key may not do before anything is read of the request. The server does not
 * start with a route that declares no access.
 */
export function controlAccess(app: FastifyInstance, keys: KeyRing | null, countFailure: CountFailure): void {
  app.decorateRequest('principal');
  const routes: { readonly url: string; readonly config?: object }[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onReady', async () => {
    const open = routes.find(({ config }) => config === undefined || !('access' in config));
    if (open !== undefined) throw new Error(`The route ${open.url} declares no access.`);
  });
  app.addHook('onRequest', async (request, reply) => {
    request.principal = keys === null ? ANYONE : NOBODY;
    if (keys === null) return;
    const access = request.is404 ? 'open' : request.routeOptions.config.access;
    if (access === 'open') return;
    const principal = authenticate(request, keys);
    if (principal instanceof DomainError) {
      reply.header('www-authenticate', REALM);
      throw (await countFailure(request)) ? principal : tooManyFailures();
    }
    request.principal = principal;
    if (access !== 'any') assertScope(principal, access, reply);
  });
}

/** The principal, or why there is none. */
function authenticate(request: FastifyRequest, keys: KeyRing): Principal | DomainError {
  const expected = 'Authorization: Bearer API-KEY';
  const refuse = (code: string, message: string): DomainError =>
    new DomainError('unauthenticated', code, message, { param: 'authorization', expected });
  const [header, second] = authorizationHeaders(request);
  if (header === undefined) return refuse('missing_api_key', 'This operation needs an API key.');
  if (second !== undefined) return refuse('invalid_api_key', 'There is more than one header Authorization.');
  const secret = BEARER.exec(header)?.[1];
  const principal = secret === undefined ? null : keys.find(secret);
  return principal ?? refuse('invalid_api_key', 'The API key is not a valid one.');
}

/** All of them: of several Node keeps the first, where a proxy may have checked another. */
function authorizationHeaders({ raw: { rawHeaders } }: FastifyRequest): readonly string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'authorization',
  );
}

function assertScope(principal: Principal, scope: Scope, reply: FastifyReply): void {
  if (hasScope(principal, scope)) return;
  reply.header('www-authenticate', `${REALM}, error="insufficient_scope", scope="${scope}"`);
  throw new DomainError('forbidden', 'insufficient_scope', `This operation needs the scope "${scope}".`, {
    param: 'authorization',
    expected: scope,
    given: principal.scopes,
  });
}

function tooManyFailures(): DomainError {
  const message = 'Too many requests with a missing or wrong API key came from this address.';
  return new DomainError('contended', 'too_many_failures', message, { retryAfter: 60 });
}

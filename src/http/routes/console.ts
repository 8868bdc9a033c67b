import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/**
 * Nothing but the console's own files, and no connection but to this server. Inline styles and scripts are refused, so
 * text that a model or a caller wrote cannot act in the page.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The bundler names these files by a hash of their content. */
const HASHED = /[\\/]assets[\\/]/;

const IMMUTABLE = 'public, max-age=31536000, immutable';

/**
 * Serves the web console at /console: files alone, for anyone, as /docs is. What they show comes through the API with
 * the key of who looks.
 * @param directory what the bundler wrote (console/vite.config.ts)
 */
export async function serveConsole(app: FastifyInstance, directory: string): Promise<void> {
  await app.register(async (console) => {
    console.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    // A relative target holds behind a proxy that serves this server under a path of its own.
    console.get('/console', { schema: { hide: true }, logLevel: 'warn' }, async (_request, reply) =>
      reply.redirect('console/', 308),
    );
    await console.register(fastifyStatic, {
      root: directory,
      prefix: '/console/',
      schemaHide: true,
      logLevel: 'warn',
      decorateReply: false,
      // Smaller copies lie beside the files.
      preCompressed: true,
      cacheControl: false,
      dotfiles: 'ignore',
      setHeaders: (reply, path) => {
        reply.headers({
          'cache-control': HASHED.test(path) ? IMMUTABLE : 'no-cache',
          'content-security-policy': CONTENT_SECURITY_POLICY,
          'cross-origin-opener-policy': 'same-origin',
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
        });
      },
    });
  });
}

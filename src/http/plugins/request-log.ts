import type { FastifyBaseLogger, FastifyServerOptions } from 'fastify';

/** Causes that are followed. */
const MOST_CAUSES = 3;

/**
 * What a log may say of an error that a request met: its kind and the places in the code. Its message may quote what the
 * client sent.
 */
export function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    ...(typeof code === 'string' && /^\w{1,80}$/.test(code) && { code }),
    stack: framesOf(error),
    ...(error.cause !== undefined && depth < MOST_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  };
}

function framesOf({ stack = '', message }: Error): readonly string[] {
  return stack
    .replace(message, () => '')
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .map((line) => line.trim());
}

/** The logger of a request: whoever logs an error, a request or a response with it, texts of the client stay out. */
export const requestLogger: NonNullable<FastifyServerOptions['childLoggerFactory']> = (
  logger: FastifyBaseLogger,
  bindings,
  options,
) =>
  logger.child(bindings, {
    ...options,
    serializers: {
      err: describeError,
      error: describeError,
      req: ({ method }: { readonly method: string }) => ({ method }),
      res: ({ statusCode }: { readonly statusCode: number }) => ({ statusCode }),
    },
  });

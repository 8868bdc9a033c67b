import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import type { Actor, Principal } from '../../domain/principal.ts';
import { excerpt } from './excerpt.ts';

/**
 * Throws `forbidden` task_not_granted for a task outside of the key's grant. For what can create a task: there it cannot
 * be hidden, because a task that does not exist is no reason to refuse.
 */
export function assertGranted(principal: Principal, task: string, param: string): void {
  if (principal.allowsTask(task)) return;
  const message = `This key may not create or change the task "${excerpt(task)}".`;
  throw new DomainError('forbidden', 'task_not_granted', message, {
    param,
    expected: 'a task that the key is granted',
    given: excerpt(task),
  });
}

/** For routes of `/v1/tasks/:task` that can create it: refuses before the body is read. */
export const requireGrant: onRequestAsyncHookHandler = async ({ principal, params }) =>
  assertGranted(principal, (params as { readonly task: string }).task, 'task');

/** Who is to be named for what the request changes. */
export const actorOf = ({ principal, id }: FastifyRequest): Actor => ({
  key: principal.name,
  requestId: id,
});

import { request } from './http.ts';
import { taskPath } from './tasks.ts';
import type { Plan, Serving } from './types.ts';

export const getServing = (task: string, signal?: AbortSignal): Promise<Serving> =>
  request('GET', taskPath(task, 'serving'), signal ? { signal } : {});

export const putServing = (task: string, plan: Plan): Promise<Serving> =>
  request('PUT', taskPath(task, 'serving'), { json: plan });

/** The version serves alone. */
export const promote = (task: string, version: number): Promise<Serving> =>
  request('POST', taskPath(task, 'promote'), { json: { version } });

/** Back to the plan before the last change. */
export const rollBack = (task: string): Promise<Serving> => request('POST', taskPath(task, 'rollback'));

import { request, send } from './http.ts';
import type { ServiceInfo } from './types.ts';

export const getInfo = (signal?: AbortSignal): Promise<ServiceInfo> =>
  request('GET', 'info', signal ? { signal } : {});

/** Prometheus' text format. */
export const getMetrics = async (signal: AbortSignal): Promise<string> =>
  (await send('GET', 'metrics', { signal, accept: 'text/plain' })).text();

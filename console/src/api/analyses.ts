import { request } from './http.ts';
import { taskPath } from './tasks.ts';
import type { Neighbors, Similarity, TransferCandidates } from './types.ts';

export const getNeighbors = (
  task: string,
  version: number,
  k: number,
  signal: AbortSignal,
): Promise<Neighbors> =>
  request('GET', taskPath(task, 'prompts', version, 'neighbors'), { query: { k }, signal });

export const getSimilarity = (ids: readonly string[], signal: AbortSignal): Promise<Similarity> =>
  request('GET', 'v1/prompts/similarity', { query: { ids: ids.join(',') }, signal });

export const findTransferCandidates = (
  target: string,
  measure: 'mean' | 'pairs',
  signal: AbortSignal,
): Promise<TransferCandidates> =>
  request('POST', 'v1/prompts/transfer-candidates', { json: { target, measure }, signal });

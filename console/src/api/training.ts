import { request } from './http.ts';
import { stream } from './stream.ts';
import type { Job, JobEvent, JobRequest, Page, RowFile } from './types.ts';

const JOBS = 'v1/fine_tuning/jobs';

/** @param rows JSONL */
export function uploadRows(name: string, rows: string): Promise<RowFile> {
  const form = new FormData();
  form.append('purpose', 'fine-tune');
  form.append('file', new Blob([rows]), name);
  return request('POST', 'v1/files', { body: form });
}

export const deleteFile = (id: string): Promise<void> => request('DELETE', `v1/files/${id}`);

export const createJob = (json: JobRequest): Promise<Job> => request('POST', JOBS, { json });

export const getJob = (id: string, signal?: AbortSignal): Promise<Job> =>
  request('GET', `${JOBS}/${id}`, signal ? { signal } : {});

/** Newest first. */
export const listJobs = (after: string | null, signal?: AbortSignal): Promise<Page<Job>> =>
  request('GET', JOBS, { query: { limit: 50, after }, ...(signal && { signal }) });

export const actOnJob = (id: string, action: 'pause' | 'resume' | 'cancel'): Promise<Job> =>
  request('POST', `${JOBS}/${id}/${action}`);

/** All events from the first on, until the job ends. */
export const followJob = (id: string, signal: AbortSignal): AsyncGenerator<JobEvent> =>
  stream('GET', `${JOBS}/${id}/events`, { query: { stream: true }, signal });

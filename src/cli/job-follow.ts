import { setTimeout } from 'node:timers/promises';
import { DomainError } from '../domain/errors.ts';
import { type ServerClient, ServerRefusal } from './client.ts';
import { jobPath } from './job-view.ts';

/** An event of a job as the server shows it. */
export interface JobEventView {
  readonly id: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly type: 'message' | 'metrics';
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Tries in a row to reach the server again, and the time between them. The first comes at once. */
const TRIES = 30;
const RETRY_MS = 1000;

/**
 * All events of a job from its first to its end, each once. A connection that breaks is made again: a job outlives
 * connections, and a restart of its server. Rejects with the last failure when the server stays away.
 * @param onLost is called when a connection is lost
 */
export async function* followJob(
  client: ServerClient,
  id: string,
  signal: AbortSignal,
  onLost: (error: Error) => void,
): AsyncGenerator<JobEventView, void, void> {
  const seen = new Set<string>();
  for (let failures = 0; ; ) {
    try {
      for await (const event of client.events('GET', jobPath(id, 'events?stream=true'), { signal })) {
        failures = 0;
        const it = event as JobEventView;
        if (seen.has(it.id)) continue;
        seen.add(it.id);
        yield it;
      }
      return;
    } catch (error) {
      if (!isPassing(error) || failures === TRIES) throw error;
      if (failures === 0) onLost(error);
      else await setTimeout(RETRY_MS, undefined, { signal });
      failures++;
    }
  }
}

/** A server that is away, shuts down or has no room may be back soon. */
function isPassing(error: unknown): error is Error {
  if (error instanceof DomainError) return error.kind === 'unavailable';
  if (!(error instanceof ServerRefusal)) return false;
  return (
    error.status === 429 || error.status === 503 || ['stream_ended_early', 'draining'].includes(error.code)
  );
}

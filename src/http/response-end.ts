import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream';

/** Told once: null when the response was sent in full, an error when its client left before. */
type OnEnd = (error: Error | null) => void;

const waiting = new WeakMap<ServerResponse, OnEnd[]>();

/**
 * Calls back when a response has ended. All who wait for the same one share its listeners: of more than ten Node says on
 * stderr that they leak.
 */
export function onResponseEnd(response: ServerResponse, onEnd: OnEnd): void {
  const others = waiting.get(response);
  if (others !== undefined) {
    others.push(onEnd);
    return;
  }
  const own = [onEnd];
  waiting.set(response, own);
  finished(response, (error) => {
    waiting.delete(response);
    for (const tell of own) tell(error ?? null);
  });
}

import { type Agent, type ClientRequest, request } from 'node:http';
import type { PlannedRequest } from './requests.ts';

/** What a client knows of its request at the end. */
export type Seen =
  | { readonly type: 'left' }
  | { readonly type: 'answered'; readonly status: number; readonly text: string };

/** Carries a request out. Rejects when the service breaks the connection. */
export function carryOut(url: string, planned: PlannedRequest, agent: Agent): Promise<Seen> {
  const { method, path, body, leaves } = planned;
  const length = Buffer.byteLength(body ?? '') + (leaves === 'within_body' ? 1000 : 0);
  const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': length };
  // `path` as it is: a URL would repair what is broken in it.
  const sent = request({ ...addressOf(url), method, path, headers, agent });
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (chunk: string) => {
        text += chunk;
        if (leaves === 'after_first_bytes' && response.statusCode === 200)
          leave(sent, reject, resolve, 'reset');
      });
      response.on('end', () => resolve({ type: 'answered', status: response.statusCode ?? 0, text }));
    });
    if (leaves === 'within_body') sent.write(body, () => leave(sent, reject, resolve, 'close'));
    else sent.end(body);
  });
}

/** @param how a reset is seen at once, but what was sent just before it can get lost */
function leave(
  sent: ClientRequest,
  reject: (error: Error) => void,
  resolve: (seen: Seen) => void,
  how: 'reset' | 'close',
): void {
  if (sent.destroyed || sent.socket?.destroyed) return;
  sent.off('error', reject);
  sent.on('error', () => undefined);
  if (how === 'reset') sent.socket?.resetAndDestroy();
  else sent.destroy();
  resolve({ type: 'left' });
}

function addressOf(url: string): { readonly host: string; readonly port: string } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port };
}

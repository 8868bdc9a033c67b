import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const REPOSITORY = 'acme/tiny';
export const COMMIT = 'c0ffee'.padEnd(40, '0');

interface HubFile {
  readonly content: Buffer;
  /** LFS files live in another store, to which the Hub redirects. */
  readonly lfs?: boolean;
}

/** A request that the server saw. `path` has no query. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
}

/** Handles a request before the normal behaviour; true when it did. */
export type Fault = (request: IncomingMessage, response: ServerResponse, file: HubFile | null) => boolean;

export interface FakeHub {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Consulted in turn for every request of the Hub and of its store. */
  readonly faults: Fault[];
  close(): Promise<void>;
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
export const gitSha1 = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

/**
 * Behaves like the Hugging Face Hub: the API names a commit, `resolve` answers small files with their Git blob
 * hash as ETag (after a relative redirect) and LFS files with a redirect that carries X-Linked-Etag; the store
 * behind serves byte ranges and has ETags of its own that mean nothing.
 */
export async function startFakeHub(
  files: Readonly<Record<string, HubFile>>,
  repository = REPOSITORY,
): Promise<FakeHub> {
  const requests: SeenRequest[] = [];
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://hub').pathname;
    requests.push({ method: request.method ?? '', path, range: request.headers.range });
    const file = files[path.split('/').at(-1) ?? ''] ?? null;
    if (faults.some((fault) => fault(request, response, file))) return;
    answer(path, request, response, file);
  });
  // Another origin than the Hub's own, as the content store of the real one.
  const store = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://store').pathname;
    requests.push({ method: request.method ?? '', path, range: request.headers.range });
    const file = files[path.split('/').at(-1) ?? ''] ?? null;
    if (faults.some((fault) => fault(request, response, file))) return;
    if (request.method === 'HEAD' || file === null) response.writeHead(403).end();
    else sendContent(request, response, file.content, { etag: '"store-etag"' });
  });
  const [url, storeUrl] = await Promise.all([listen(server), listen(store)]);

  function answer(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    file: HubFile | null,
  ): void {
    if (path === `/api/models/${repository}/revision/main`) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: repository, sha: COMMIT, siblings: [] }));
    } else if (file !== null && path.startsWith(`/${repository}/resolve/${COMMIT}/`)) {
      if (file.lfs) {
        response.writeHead(302, {
          location: `${storeUrl}/store/${path.split('/').at(-1)}?signature=x`,
          'x-linked-etag': `"${sha256(file.content)}"`,
          'x-linked-size': String(file.content.length),
        });
      } else {
        response.writeHead(307, { location: path.replace(`/${repository}/resolve/`, '/api/resolve-cache/') });
      }
      response.end();
    } else if (file !== null && path.startsWith('/api/resolve-cache/')) {
      sendContent(request, response, file.content, { etag: `"${gitSha1(file.content)}"` });
    } else {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end('Entry not found');
    }
  }

  return {
    url,
    requests,
    faults,
    close: async () => {
      for (const each of [server, store]) {
        each.closeAllConnections();
        await new Promise((resolve) => each.close(resolve));
      }
    },
  };
}

/** The content, or the asked byte range of it. */
export function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  const start = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const body = content.subarray(Number(start ?? 0));
  response.writeHead(start === undefined ? 200 : 206, {
    ...headers,
    'content-length': body.length,
    ...(start !== undefined && {
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
    }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Applies a fault to the first `times` matching requests. */
export function once(match: (request: IncomingMessage) => boolean, fault: Fault, times = 1): Fault {
  let left = times;
  return (request, response, file) => {
    if (left === 0 || !match(request)) return false;
    left--;
    return fault(request, response, file);
  };
}

/** A fault that answers with a status. */
export function status(
  code: number,
  { headers = {}, body = '' }: { headers?: Readonly<Record<string, string>>; body?: string } = {},
): Fault {
  return (_request, response) => {
    response.writeHead(code, headers).end(body);
    return true;
  };
}

/** A fault that sends the first bytes of a body and then cuts the connection. */
export function cutAfter(content: Buffer, bytes: number): Fault {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes), () => response.destroy());
    return true;
  };
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

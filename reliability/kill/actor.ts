/** Someone who changes the service's data and knows what must be there afterwards. */
export interface Actor {
  /** One change. Rejects when the connection breaks: whether it took place is then not known. */
  step(url: string): Promise<void>;
  /** What the service has that it should not have, or the other way round; adopts what it finds. */
  verify(url: string): Promise<readonly string[]>;
  /** Changes that were answered with success. */
  readonly acknowledged: number;
}

export interface Sent<T> {
  readonly status: number;
  readonly body: T;
}

/** A service that has not answered by then has failed. */
const PATIENCE_MS = 20_000;

/** Sends a request and reads the whole answer. Rejects when the connection breaks before its end. */
export async function send<T>(
  url: string,
  method: string,
  path: string,
  init: { readonly body?: string | Blob | FormData; readonly headers?: Record<string, string> } = {},
): Promise<Sent<T>> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(`${url}${path}`, { method, ...init, signal });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
}

/** All items of a list. @param key the secret of an API key; left out: none is sent */
export async function list<T>(url: string, path: string, key?: string): Promise<readonly T[]> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const items: T[] = [];
  for (let after = ''; ; ) {
    const { status, body } = await send<ListPage<T>>(url, 'GET', `${path}?limit=100${after}`, { headers });
    if (status === 404) return [];
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    items.push(...body.data);
    if (!body.has_more) return items;
    after = `&after=${encodeURIComponent(body.next ?? (body.data.at(-1) as { id: string }).id)}`;
  }
}

interface ListPage<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
  /** Lists of OpenAI's form have none: the last item's id goes on. */
  readonly next?: string | null;
}

export const succeeded = ({ status }: Sent<unknown>): boolean => status >= 200 && status < 300;

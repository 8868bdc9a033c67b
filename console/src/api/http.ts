import { ConnectionLost, isAbort, type Problem, Refusal } from './refusal.ts';
import { askForKey, key } from './session.ts';

/** The server that the page came from, also where a proxy puts it under a path. */
const ROOT = new URL('../', new URL(document.baseURI).href.split('#', 1)[0]);

export interface Call {
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly type?: string;
  readonly accept?: string;
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
}

/**
 * A 2xx answer of the API. Without a key, or with one that is no longer taken, the person is asked for one and the
 * call is sent again, so that no page loses what it shows. Throws {@link Refusal} or {@link ConnectionLost}.
 */
export async function send(method: string, path: string, call: Call = {}): Promise<Response> {
  for (;;) {
    const used = key.value;
    const response = await fetchOnce(method, path, call, used);
    if (response.ok) return response;
    const refusal = await refusalOf(response);
    if (response.status !== 401) throw refusal;
    // Another call may have got a new key meanwhile.
    if (key.value === used && !(await askForKey(used === null ? null : refusal))) throw refusal;
    call.signal?.throwIfAborted();
  }
}

/** The JSON body of a 2xx answer. */
export async function request<T>(method: string, path: string, call: Call = {}): Promise<T> {
  const response = await send(method, path, call);
  if (response.status === 204) return undefined as T;
  return (await read(response.json(), call.signal)) as T;
}

/** A read that fails in the middle of a body is a lost connection, unless it was given up. */
export async function read<T>(reading: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (isAbort(error) || signal?.aborted) throw error;
    throw new ConnectionLost('The connection to the server was lost before the answer was complete.');
  }
}

async function fetchOnce(method: string, path: string, call: Call, secret: string | null): Promise<Response> {
  const { query = {}, json, body, type, accept = 'application/json', ifMatch, signal } = call;
  const url = new URL(path.replace(/^\//, ''), ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
  }
  const contentType = json === undefined ? type : 'application/json';
  const sent = json === undefined ? body : JSON.stringify(json);
  try {
    return await fetch(url, {
      method,
      headers: {
        accept,
        ...(contentType !== undefined && { 'content-type': contentType }),
        ...(secret !== null && { authorization: `Bearer ${secret}` }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      cache: 'no-store',
      credentials: 'omit',
      ...(sent !== undefined && { body: sent }),
      ...(signal !== undefined && { signal }),
    });
  } catch (error) {
    if (isAbort(error) || signal?.aborted) throw error;
    throw new ConnectionLost('The server cannot be reached.');
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Refusal(response.status, problem, Number.isFinite(retryAfter) ? retryAfter : null);
}

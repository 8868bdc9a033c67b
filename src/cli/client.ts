import { DomainError } from '../domain/errors.ts';
import { readEvents } from './event-stream.ts';

/** A problem document (RFC 9457) that the server answered with. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
  readonly status: number;
  readonly code: string;
  readonly param: string | undefined;
  readonly expected: unknown;
  readonly given: unknown;

  constructor(status: number, problem: Problem) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.status = status;
    this.code = problem.error?.code ?? `http_${status}`;
    this.param = problem.param;
    this.expected = problem.expected;
    this.given = problem.given;
  }
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly param?: string;
  readonly expected?: unknown;
  readonly given?: unknown;
  readonly error?: { readonly code?: string };
}

interface Page<T> {
  readonly data: readonly T[];
  readonly next: string | null;
}

export interface ServerRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: FormData | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

/** A running softprompt server over HTTP. Every method rejects with {@link ServerRefusal} or server_unreachable. */
export class ServerClient {
  private readonly baseUrl: string;
  private readonly apiKey: string | null;

  /**
   * @param baseUrl without a trailing slash
   * @param apiKey the secret of a key; null: none is sent
   */
  constructor(baseUrl: string, apiKey: string | null) {
    this.baseUrl = baseUrl;
    this.apiKey = apiKey;
  }

  /** The JSON of the answer, or undefined when it has no body. */
  async call<T>(method: string, path: string, request: ServerRequest = {}): Promise<T> {
    const response = await this.send(method, path, request);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async download(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.send('GET', path, {})).arrayBuffer());
  }

  /** The objects of an answer that comes as server-sent events. */
  async *events(method: string, path: string, request: ServerRequest): AsyncGenerator<unknown> {
    const { body } = await this.send(method, path, request);
    if (body !== null) yield* readEvents(body);
  }

  /** Every item of a paged list. */
  async all<T>(path: string): Promise<readonly T[]> {
    const items: T[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const query: string = after === '' ? '?limit=100' : `?limit=100&after=${encodeURIComponent(after)}`;
      const page: Page<T> = await this.call('GET', path + query);
      items.push(...page.data);
      after = page.next;
    }
    return items;
  }

  private async send(
    method: string,
    path: string,
    { headers, json, body, signal }: ServerRequest,
  ): Promise<Response> {
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: {
        ...(this.apiKey !== null && { authorization: `Bearer ${this.apiKey}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? (body ?? null) : JSON.stringify(json),
      signal: signal ?? null,
    }).catch((cause: Error) => {
      if (signal?.aborted) throw cause;
      const reason =
        cause.cause instanceof Error ? cause.cause.message || String(cause.cause) : cause.message;
      throw new DomainError(
        'unavailable',
        'server_unreachable',
        `No server answers at ${this.baseUrl}: ${reason}`,
        {
          param: '--url',
          expected: 'a running server (softprompt serve)',
          given: this.baseUrl,
          retryAfter: 1,
          cause,
        },
      );
    });
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as Problem;
    throw new ServerRefusal(response.status, problem);
  }
}

/** `/v1/tasks/{task}` with more path segments, each encoded. */
export function taskPath(task: string, ...segments: readonly (string | number)[]): string {
  return ['/v1/tasks', task, ...segments]
    .map((part, i) => (i === 0 ? part : encodeURIComponent(part)))
    .join('/');
}

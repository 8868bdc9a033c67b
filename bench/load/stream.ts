import { Agent, type IncomingMessage, request } from 'node:http';

/** One connection a stream, kept for the next one. */
const agent = new Agent({ keepAlive: true });

/** What a streamed completion did. Times are milliseconds of `performance.now()`. */
export interface StreamResult {
  readonly status: number;
  /** The header `retry-after`, if there was one. */
  readonly retryAfter: string | null;
  readonly start: number;
  /** When the answer's head came. */
  readonly answered: number;
  /** Arrival of each token. */
  readonly arrivals: readonly number[];
  readonly tokens: readonly number[];
}

export interface CompletionFields {
  readonly model: string;
  readonly prompt: readonly number[];
  readonly max_tokens: number;
}

/**
 * Streams one greedy completion that is not ended by an end-of-text token. Resolves also with refusals; rejects
 * when the connection or the stream breaks.
 */
export async function streamCompletion(
  url: string,
  fields: CompletionFields,
  signal?: AbortSignal,
): Promise<StreamResult> {
  const start = performance.now();
  const response = await post(`${url}/v1/completions`, completionBody(fields), signal);
  const answered = performance.now();
  const arrivals: number[] = [];
  const tokens: number[] = [];
  for await (const data of serverSentEvents(response)) {
    const now = performance.now();
    for (const id of tokenIds(data)) {
      arrivals.push(now);
      tokens.push(id);
    }
  }
  const retryAfter = response.headers['retry-after'] ?? null;
  return { status: response.statusCode!, retryAfter, start, answered, arrivals, tokens };
}

export function completionBody(fields: CompletionFields): string {
  return JSON.stringify({
    ...fields,
    temperature: 0,
    ignore_eos: true,
    return_token_ids: true,
    stream: true,
  });
}

function post(url: string, body: string, signal?: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    request(url, { method: 'POST', agent, headers, ...(signal && { signal }) }, resolve)
      .on('error', reject)
      .end(body);
  });
}

/** The payloads of `data:` lines but `[DONE]`; an answer that is no event stream has none. */
async function* serverSentEvents(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const text of response as AsyncIterable<string>) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: {')) yield line.slice('data: '.length);
  }
}

interface Chunk {
  readonly choices?: readonly { readonly token_ids?: readonly number[] }[];
  readonly error?: { readonly message: string };
}

function tokenIds(data: string): readonly number[] {
  const { choices = [], error } = JSON.parse(data) as Chunk;
  if (error !== undefined) throw new Error(`the stream failed: ${error.message}`);
  return choices.flatMap(({ token_ids: ids = [] }) => ids);
}

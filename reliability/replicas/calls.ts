import { TINY_MODEL } from '../support/service-process.ts';

/** One call, as it is sent. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** A call that is not answered by then has failed. */
const PATIENCE_MS = 60_000;

/** Sends a call and reads the whole answer. Rejects when the connection breaks before its end. */
export async function send(url: string, key: string, call: Call): Promise<Reply> {
  const { method, path, body = null, headers } = call;
  const response = await fetch(`${url}${path}`, {
    method,
    body,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== null && { 'content-type': 'application/json' }),
      ...headers,
    },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return { status: response.status, text: await response.text() };
}

const post = (path: string, body: object): Call => ({ method: 'POST', path, body: JSON.stringify(body) });
const get = (path: string): Call => ({ method: 'GET', path });

/** A greedy completion of a task. @param fields beside those that it has */
export const completion = (model: string, maxTokens = 8, fields: object = {}): Call =>
  post('/v1/completions', {
    ...fields,
    model,
    prompt: 'the film was',
    max_tokens: maxTokens,
    temperature: 0,
    ignore_eos: true,
  });

/** Calls about a task that change nothing, of each kind; their answers are always the same, but for ids and times. */
export const safeCalls = (task: string): readonly Call[] => [
  completion(task),
  completion(`${task}@1`),
  completion(TINY_MODEL),
  post('/v1/chat/completions', {
    model: task,
    messages: [{ role: 'user', content: 'hello' }],
    max_tokens: 8,
    temperature: 0,
    ignore_eos: true,
  }),
  post(`/v1/tasks/${task}/classify`, { inputs: ['a good film', 'a bad film'], labels: [' good', ' bad'] }),
  post(`/v1/tasks/${task}/score`, { inputs: [{ text: 'the film was', target: ' good' }] }),
  post('/tokenize', { text: 'the film was' }),
  get(`/v1/tasks/${task}`),
  get(`/v1/tasks/${task}/prompts`),
  get(`/v1/tasks/${task}/prompts/1/adapter_config.json`),
];

/** An answer without what differs from one to the next: ids and times, and the last digits of probabilities. */
export function comparable(text: string): string {
  return JSON.stringify(JSON.parse(text), (name, value: unknown) => {
    if (name === 'id' || name === 'created') return null;
    // The rows of a batch change how sums are rounded.
    return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(4)) : value;
  });
}

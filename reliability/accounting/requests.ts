/** What a client does, and where its outcome belongs. */
export interface PlannedRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  /** Pattern of the route; `none`: nothing is there. */
  readonly route: string;
  /** Sent as it is; left out without one. */
  readonly body?: string;
  /** Of a request that reaches the model. */
  readonly inference?: { readonly operation: string; readonly task: string };
  /** The client leaves: after the first bytes of the answer, or in the middle of its own body. */
  readonly leaves?: 'after_first_bytes' | 'within_body';
}

const COMPLETIONS = '/v1/completions';
const CHAT = '/v1/chat/completions';

/** Far from its end when the client leaves after the first bytes. */
const LONG_ANSWER = { n: 16, max_tokens: 200, ignore_eos: true };

/** @param random from 0 up to 1, exclusive */
export function planRequest(random: () => number, models: readonly string[]): PlannedRequest {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const model = pick(models);
  const complete = (extra: object, task = model) => ({
    method: 'POST' as const,
    path: COMPLETIONS,
    route: COMPLETIONS,
    body: JSON.stringify({
      model,
      prompt: pick(['a', 'one two', 'why not']),
      max_tokens: 1 + Math.floor(random() * 4),
      ...extra,
    }),
    inference: { operation: 'text_completion', task },
  });
  const streamed = { stream: true, stream_options: { include_usage: true } };
  const onTask = (what: string, body: object) => ({
    method: 'POST' as const,
    path: `/v1/tasks/${model}/${what}`,
    route: `/v1/tasks/:task/${what}`,
    body: JSON.stringify(body),
    inference: { operation: what, task: model },
  });
  return pick<() => PlannedRequest>([
    () => complete({}),
    () => complete({ n: 2 }),
    () => complete(streamed),
    () => complete({ ...streamed, n: 2 }),
    () => ({ ...complete({ ...streamed, ...LONG_ANSWER }), leaves: 'after_first_bytes' }),
    () => onTask('score', { inputs: [{ text: 'a', target: ' b' }] }),
    () => onTask('classify', { inputs: ['a', 'b'], labels: [' yes', ' no'] }),
    () => complete({ model: 'nobody' }, '_unknown'),
    () => complete({ model: `${model}@999` }),
    () => complete({ max_tokens: 1_000_000 }),
    () => ({ ...complete({ max_tokens: -1 }), inference: undefined }),
    () => ({ method: 'POST', path: CHAT, route: CHAT, body: '{"broken' }),
    () => ({
      method: 'POST',
      path: COMPLETIONS,
      route: COMPLETIONS,
      body: '{"model":',
      leaves: 'within_body',
    }),
    () => ({ method: 'PUT', path: COMPLETIONS, route: COMPLETIONS }),
    () => ({ method: 'GET', path: '/nothing/here', route: 'none' }),
    () => ({ method: 'GET', path: '/v1/tasks/nobody', route: '/v1/tasks/:task' }),
    () => ({ method: 'GET', path: `/v1/tasks/%zz`, route: 'none' }),
    () => ({ method: 'GET', path: '/v1/models', route: '/v1/models' }),
    () => ({ method: 'GET', path: '/health/ready', route: '/health/ready' }),
  ])();
}

import { TINY_MODEL } from '../support/service-process.ts';

/** A request that is allowed and as much work as one can be, or is refused for what it asks. */
export interface Attack {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly status: number;
}

const TASK = `/v1/tasks/${TINY_MODEL}`;
const ALTERNATIVES = 20;

const times = <T>(count: number, item: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => item(index));

/** Labels of `length` characters. */
const labels = (count: number, length: number): string[] =>
  times(count, (index) => ` ${index}`.padEnd(length, 'x'));

/** The longest metadata of a task that is allowed. */
export const LONGEST_TASK = {
  description: 'd'.repeat(4096),
  template: `{text}${'t'.repeat(65_530)}`,
  labels: labels(64, 1024),
};

/** @param tokens of each choice */
export function attacks(tokens: number): readonly Attack[] {
  const many = { model: TINY_MODEL, n: 128, max_tokens: tokens, ignore_eos: true };
  const completion = { ...many, prompt: 'x', logprobs: ALTERNATIVES };
  const messages = [{ role: 'user', content: 'x' }];
  const chat = { ...many, messages, logprobs: true, top_logprobs: ALTERNATIVES };
  const ids = times(240, (index) => index);
  const echo = { model: TINY_MODEL, prompt: times(128, () => ids), echo: true, max_tokens: 1 };
  const post = (name: string, path: string, body: unknown, status = 200): Attack => ({
    name,
    method: 'POST',
    path,
    body,
    status,
  });
  const get = (name: string, path: string): Attack => ({ name, method: 'GET', path, status: 200 });
  return [
    post('128 streamed choices with 20 log-probabilities', '/v1/completions', {
      ...completion,
      stream: true,
    }),
    post('128 choices with 20 log-probabilities', '/v1/completions', completion),
    post('the same of a chat, streamed', '/v1/chat/completions', { ...chat, stream: true }),
    post('the same of a chat', '/v1/chat/completions', chat),
    post('128 streamed choices', '/v1/completions', { ...many, prompt: 'x', stream: true }),
    post('128 echoed inputs with 20 log-probabilities', '/v1/completions', {
      ...echo,
      logprobs: ALTERNATIVES,
      stream: true,
    }),
    post(
      'more log-probabilities than an answer may have',
      '/v1/completions',
      { ...completion, max_tokens: 10_000 },
      422,
    ),
    get('100 tasks with the longest metadata', '/v1/tasks?limit=100'),
    get('all models', '/v1/models'),
    post('classify, 256 inputs with 256 labels', `${TASK}/classify`, {
      inputs: times(256, (index) => `text ${index}`),
      labels: labels(256, 4),
    }),
    post('classify, 64 inputs with 1,024 labels', `${TASK}/classify`, {
      inputs: times(64, (index) => `text ${index}`),
      labels: labels(1024, 5),
    }),
    post(
      'classify, more inputs times labels than it takes',
      `${TASK}/classify`,
      { inputs: times(256, () => 'x'), labels: labels(1024, 5) },
      422,
    ),
    post('score, 256 inputs', `${TASK}/score`, {
      inputs: times(256, (index) => ({ text: `text ${index}`, target: ' and so on' })),
    }),
    post('detokenize, 131,072 ids', '/detokenize', { ids: times(131_072, (index) => index % 384) }),
    post('tokenize, a text of a megabyte', '/tokenize', { text: 'ab '.repeat(340_000) }, 422),
    post(
      'a body of token ids',
      '/v1/completions',
      { model: TINY_MODEL, prompt: times(7, () => times(131_000, () => 100)) },
      422,
    ),
    post(
      'a body of texts',
      '/v1/chat/completions',
      { model: TINY_MODEL, messages: times(1024, () => ({ role: 'user', content: 'ж'.repeat(2000) })) },
      422,
    ),
  ];
}

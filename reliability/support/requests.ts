import { TINY_MODEL } from './service-process.ts';

/** One request of each kind of inference; `task` is one with a prompt. */
export function inferenceRequests(task: string): readonly (readonly [path: string, body: object])[] {
  const long = { max_tokens: 150, ignore_eos: true };
  const message = { role: 'user', content: 'hello' };
  return [
    ['/v1/completions', { model: TINY_MODEL, prompt: 'x', ...long }],
    ['/v1/completions', { model: task, prompt: 'x', stream: true, ...long }],
    ['/v1/completions', { model: task, prompt: ['a', 'b', 'c'], n: 2, stream: true, logprobs: 3, ...long }],
    ['/v1/chat/completions', { model: TINY_MODEL, messages: [message], stream: true, ...long }],
    ['/v1/chat/completions', { model: task, messages: [message], ...long }],
    [
      `/v1/tasks/${task}/classify`,
      { inputs: Array.from({ length: 20 }, (_, i) => `text ${i}`), labels: ['a', 'b'] },
    ],
    [
      `/v1/tasks/${task}/score`,
      { inputs: Array.from({ length: 20 }, (_, i) => ({ text: `${i}`, target: ' b' })) },
    ],
  ];
}

/** The bytes of a POST as HTTP/1.1. */
export function postBytes(path: string, body: object): Buffer {
  const json = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}`;
  return Buffer.from(`${head}\r\n\r\n${json}`);
}

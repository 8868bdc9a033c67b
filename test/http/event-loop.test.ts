import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { startApp, type TestApp } from './harness.ts';

const BODY_BYTES = 4 * 1024 * 1024;
/** Far above what these bodies take (some 50 ms on a free core); unbounded, they took 1 to 5 s and more. */
const LONGEST_PAUSE_MS = 1000;

/** A JSON text of almost BODY_BYTES: `before`, then `item` again and again, then `after`. */
function filled(before: string, item: string, after: string): Buffer {
  const count = Math.floor((BODY_BYTES - before.length - after.length - item.length) / (item.length + 1));
  return Buffer.from(`${before}${`${item},`.repeat(count)}${item}${after}`);
}

/** The answer, and the longest time in which nothing else could run. */
async function send({ inject }: TestApp, method: 'POST' | 'PUT', url: string, payload: Buffer) {
  let longest = 0;
  let last = performance.now();
  let running = true;
  const watch = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(watch);
  };
  setImmediate(watch);
  const response = await inject({ method, url, headers: { 'content-type': 'application/json' }, payload });
  // The answer can come before the watch has had its turn.
  await turn();
  await turn();
  running = false;
  return { response, pause: longest };
}

const wrong = (param: string) => ['invalid_field', param] as const;

const COMPLETION = '/v1/completions';
const CLASSIFY = '/v1/tasks/mood/classify';
const TOO_MANY = ['json_too_many_parts', undefined] as const;
const TOO_MANY_VALUES = ['json_too_many_values', undefined] as const;
const CASES = [
  ['equal labels', 'POST', CLASSIFY, filled('{"inputs":["x"],"labels":[', '"a"', ']}'), wrong('labels')],
  ["a task's equal labels", 'PUT', '/v1/tasks/mood', filled('{"labels":[', '"a"', ']}'), wrong('labels')],
  ['wrong labels', 'POST', CLASSIFY, filled('{"inputs":["x"],"labels":[', '100', ']}'), wrong('labels')],
  ['wrong inputs', 'POST', CLASSIFY, filled('{"inputs":[', '100', ']}'), wrong('inputs')],
  ['empty objects', 'POST', '/v1/tasks/mood/score', filled('{"inputs":[', '{}', ']}'), TOO_MANY],
  ['empty prompts', 'POST', COMPLETION, filled('{"model":"m","prompt":[', '"a"', ']}'), wrong('prompt')],
  ['negative ids', 'POST', COMPLETION, filled('{"model":"m","prompt":[', '-10', ']}'), wrong('prompt')],
  [
    'one wrong id',
    'POST',
    COMPLETION,
    filled('{"model":"m","prompt":[[', '100', '],[-1]]}'),
    wrong('prompt.0'),
  ],
  ['empty lists', 'POST', COMPLETION, filled('{"model":"m","prompt":[', '[]', ']}'), TOO_MANY],
  ['stops', 'POST', COMPLETION, filled('{"model":"m","prompt":"x","stop":[', '"a"', ']}'), wrong('stop')],
  [
    'escapes',
    'POST',
    COMPLETION,
    filled('{"model":"m","stop":[', '"\\u0041"', '],"prompt":""}'),
    wrong('stop'),
  ],
  ['fields', 'POST', COMPLETION, filled('{', '"a":0', '}'), TOO_MANY],
  ['ids', 'POST', '/detokenize', filled('{"ids":[', '100', ']}'), wrong('ids')],
  ['ids of one digit', 'POST', '/detokenize', filled('{"ids":[', '1', ']}'), TOO_MANY_VALUES],
  ['deep lists', 'POST', COMPLETION, Buffer.alloc(BODY_BYTES, '['), ['json_too_deep', undefined]],
] as const;

describe('the largest body', () => {
  for (const [name, method, url, payload, expected] of CASES) {
    it(`of ${name} keeps nobody waiting`, async (t) => {
      const app = await startApp(t, { bodyBytes: BODY_BYTES });
      let longest = Number.POSITIVE_INFINITY;
      // A busy machine can make one attempt slow, not three.
      for (let attempt = 0; attempt < 3 && longest >= LONGEST_PAUSE_MS; attempt += 1) {
        const { response, pause } = await send(app, method, url, payload);
        longest = Math.min(longest, pause);
        const { error, param } = response.json();
        assert.deepEqual([response.statusCode, error.code, param], [400, ...expected]);
        assert.ok(response.body.length < 4000, 'the answer repeats the body');
      }
      assert.ok(longest < LONGEST_PAUSE_MS, `nothing else ran for ${Math.round(longest)} ms`);
      t.diagnostic(`longest pause ${Math.round(longest)} ms`);
    });
  }
});

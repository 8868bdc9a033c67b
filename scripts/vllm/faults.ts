import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../test/support/client.ts';
import type { VllmProcess } from './server.ts';

const RUNNING = 'vllm:num_requests_running';
const WAITING = 'vllm:num_requests_waiting';

export interface Cancelled {
  readonly streams: number;
  /** Requests that vLLM ran before clients left. */
  readonly before: number;
  /** Milliseconds from then until it ran none. */
  readonly afterMs: number;
}

/** Opens streams, leaves them after the first bytes, and waits until vLLM runs nothing any more. */
export async function cancelStreams(
  url: string,
  vllm: VllmProcess,
  model: string,
  streams: number,
): Promise<Cancelled> {
  const leave = new AbortController();
  const body = { model, prompt: 'It was', max_tokens: 400, ignore_eos: true, stream: true, temperature: 1 };
  const opened = Array.from({ length: streams }, async () => {
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: leave.signal,
    });
    const reader = response.body!.getReader();
    await reader.read();
    return reader;
  });
  await Promise.all(opened);
  const before = (await vllm.metric(RUNNING)) + (await vllm.metric(WAITING));
  const from = performance.now();
  leave.abort();
  while ((await vllm.metric(RUNNING)) + (await vllm.metric(WAITING)) > 0) await sleep(20);
  return { streams, before, afterMs: performance.now() - from };
}

export interface Killed {
  /** Answers by status and code, from the kill until vLLM was there again. */
  readonly answers: Readonly<Record<string, number>>;
  /** The longest time that a request took until its answer, milliseconds. */
  readonly slowestMs: number;
  /** From the new server's first answer until the first 200 here, milliseconds. */
  readonly backMs: number;
  /** The same greedy tokens as before. */
  readonly isRightAgain: boolean;
}

/** Kills vLLM under load and starts it again. */
export async function killUnderLoad(
  client: Client,
  vllm: VllmProcess,
  restart: () => Promise<VllmProcess>,
  model: string,
): Promise<Killed & { readonly vllm: VllmProcess }> {
  const asked = {
    model,
    prompt: 'The harbour',
    max_tokens: 48,
    temperature: 0,
    ignore_eos: true,
    return_token_ids: true,
  };
  const right = (await client.complete(asked)).token_ids!.join();
  const answers: Record<string, number> = {};
  let [slowestMs, isOver, wrong] = [0, false, 0];
  const load = Array.from({ length: 6 }, async () => {
    while (!isOver) {
      const from = performance.now();
      const answer = await client.request<{ choices?: { token_ids: number[] }[]; error?: { code: string } }>(
        'POST',
        '/v1/completions',
        asked,
      );
      slowestMs = Math.max(slowestMs, performance.now() - from);
      const name = `${answer.status} ${answer.body.error?.code ?? ''}`.trim();
      answers[name] = (answers[name] ?? 0) + 1;
      if (answer.status === 200 && answer.body.choices![0]!.token_ids.join() !== right) wrong++;
      await sleep(answer.status === 200 ? 0 : 100);
    }
  });
  await sleep(1000);
  await vllm.kill();
  await sleep(2000);
  const again = await restart();
  const from = performance.now();
  while ((await client.request('GET', '/health/ready')).status !== 200) await sleep(20);
  const backMs = performance.now() - from;
  await sleep(1000);
  isOver = true;
  await Promise.all(load);
  const isRightAgain = wrong === 0 && (await client.complete(asked)).token_ids!.join() === right;
  return { answers, slowestMs, backMs, isRightAgain, vllm: again };
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Latencies of `GET /health/live` in seconds, measured by a process of its own while `work` runs. */
export async function probeDuring<T>(
  url: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly latencies: readonly number[] }> {
  const child = fork(fileURLToPath(new URL('health-probe-process.ts', import.meta.url)), [url]);
  await once(child, 'message');
  const result = await work();
  const report = once(child, 'message');
  child.send('stop');
  const [latencies] = (await report) as [number[]];
  return { result, latencies };
}
